#include "spanlink/model/short_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace spanlink {
namespace {

// Around the number of bytes that need no heap.
class ShortTextTest : public testing::TestWithParam<size_t> {
 protected:
  const std::string text_ = std::string(GetParam(), 'x') + "y";
};

TEST_P(ShortTextTest, HoldsWhatItWasMadeOf) {
  const ShortText text(text_);
  EXPECT_EQ(text, text_);
  EXPECT_EQ(text.str(), text_);
  EXPECT_EQ(text.size(), text_.size());
  EXPECT_FALSE(text.empty());
}

TEST_P(ShortTextTest, CopiesAreTheirOwn) {
  ShortText text(text_);
  const ShortText copy(text);
  text = "other";
  EXPECT_EQ(copy, text_);
  EXPECT_EQ(text, "other");
}

TEST_P(ShortTextTest, AssignmentReplaces) {
  for (const size_t before : {size_t{0}, ShortText::kInline, size_t{100}}) {
    const std::string old(before, 'o');
    ShortText copied(old);
    const ShortText text(text_);
    copied = text;
    EXPECT_EQ(copied, text_);
    ShortText moved(old);
    moved = ShortText(text_);
    EXPECT_EQ(moved, text_);
    ShortText assigned(old);
    assigned = text_;
    EXPECT_EQ(assigned, text_);
  }
}

TEST_P(ShortTextTest, AssignmentToItselfChangesNothing) {
  ShortText text(text_);
  ShortText& same = text;
  text = same;
  EXPECT_EQ(text, text_);
  text = std::string_view(text);
  EXPECT_EQ(text, text_);
  text = std::move(same);
  EXPECT_EQ(text, text_);
}

TEST_P(ShortTextTest, MovedFromIsEmpty) {
  ShortText text(text_);
  const ShortText taken(std::move(text));
  EXPECT_EQ(taken, text_);
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move): the promise
}

INSTANTIATE_TEST_SUITE_P(Sizes, ShortTextTest,
                         testing::Values(0, ShortText::kInline - 2,
                                         ShortText::kInline - 1,
                                         ShortText::kInline, 1000));

TEST(ShortTextSizesTest, EveryByteOfEverySizeIsCopied) {
  const std::string letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV";
  for (size_t size = 0; size < letters.size(); ++size) {
    const std::string text = letters.substr(0, size);
    EXPECT_EQ(ShortText(text), text);
    ShortText assigned(std::string(ShortText::kInline, '-'));
    assigned = text;
    EXPECT_EQ(assigned, text);
    if (size == 0) continue;
    assigned = std::string_view(assigned).substr(1);
    EXPECT_EQ(assigned, text.substr(1));
  }
}

TEST(ShortTextEmptyTest, DefaultIsEmpty) {
  EXPECT_TRUE(ShortText().empty());
  EXPECT_EQ(ShortText(), "");
  EXPECT_EQ(ShortText(""), ShortText());
}

}  // namespace
}  // namespace spanlink
