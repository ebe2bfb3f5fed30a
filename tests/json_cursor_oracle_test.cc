// JsonCursor against nlohmann_json, the slow and obvious oracle.
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

class Random {
 public:
  size_t Below(size_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state_ >> 33) % bound;
  }
  char Of(std::string_view bytes) { return bytes[Below(bytes.size())]; }

 private:
  uint64_t state_ = 20261121;
};

// What the cursor makes of a value when it walks into everything.
nlohmann::json Walk(JsonCursor* cursor) {
  std::string_view key;
  if (cursor->EnterObject()) {
    nlohmann::json object = nlohmann::json::object();
    while (cursor->NextMember(&key)) {
      const std::string name(key);
      object[name] = Walk(cursor);
    }
    return object;
  }
  if (cursor->EnterArray()) {
    nlohmann::json array = nlohmann::json::array();
    while (cursor->NextElement()) array.push_back(Walk(cursor));
    return array;
  }
  if (const auto text = cursor->ReadString()) return std::string(*text);
  const auto raw = cursor->ReadRaw();
  return raw ? nlohmann::json::parse(*raw, nullptr, false) : nlohmann::json();
}

constexpr std::string_view kSample =
    R"( {"a" : [1, -2.5e3, 0, "x", true, false, null], "b":{"c":{}}, "d":[] } )";

TEST(JsonCursorOracleTest, SameTextsAreJson) {
  Random random;
  size_t good = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string text(kSample.substr(0, 1 + random.Below(kSample.size())));
    for (size_t j = 0; j < random.Below(3); ++j) {
      text[random.Below(text.size())] = random.Of("{}[]\",:0-.e+ tn1");
    }
    if (random.Below(2) == 0) text = text.substr(random.Below(text.size()));
    const bool expected = nlohmann::json::accept(text);
    ASSERT_EQ(IsJson(text), expected) << text;
    good += expected ? 1 : 0;
  }
  EXPECT_GT(good, 1000u);
}

TEST(JsonCursorOracleTest, WalkingAndSkippingAgree) {
  Random random;
  for (int i = 0; i < 100000; ++i) {
    std::string text(kSample);
    for (size_t j = 0; j < random.Below(3); ++j) {
      text[random.Below(text.size())] = random.Of("{}[]\",:0-.e+ tn1");
    }
    JsonCursor walker(text);
    const nlohmann::json walked = Walk(&walker);
    const bool good = !walker.failed() && walker.AtEnd();
    ASSERT_EQ(good, IsJson(text)) << text;
    if (good) {
      ASSERT_EQ(walked, nlohmann::json::parse(text)) << text;
    }
  }
}

TEST(JsonCursorOracleTest, EscapesMeanTheSame) {
  Random random;
  size_t good = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string text = "\"";
    for (size_t j = 0; j < random.Below(12); ++j) {
      text += random.Below(3) == 0
                  ? std::string("\\u") + random.Of("0d") + random.Of("08c") +
                        random.Of("0f") + random.Of("1")
                  : std::string(1, random.Of("\\\"nu/bx1d8"));
    }
    text += "\"";
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (parsed.is_discarded()) continue;
    ++good;
    ASSERT_EQ(JsonString(text), parsed.get<std::string>()) << text;
  }
  EXPECT_GT(good, 1000u);
}

}  // namespace
}  // namespace spanlink
