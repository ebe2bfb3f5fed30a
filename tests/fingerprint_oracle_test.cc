// The fingerprint against a slow oracle: over many texts, two have one
// fingerprint exactly if the oracle writes them alike.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/json_digest.h"
#include "spanlink/linker/keyed_hash.h"
#include "spanlink/tests/json_oracle.h"
#include "spanlink/tests/test_env.h"

namespace spanlink {
namespace {

using nlohmann::json;
using testing::CanonicalText;
using testing::Pick;
using testing::Random;
using testing::Tree;

const internal::HashKey kKey = internal::HashKey::FromSeed(43);

// Compares every text with every one before it, and both ways of looking at its
// bytes.
class Judge {
 public:
  void Check(const std::string& text) {
    const std::optional<std::string> canonical = CanonicalText(text);
    if (!canonical || testing::IsLenient(*canonical)) {
      ++skipped_;
      return;
    }
    const Fingerprint print = prints_.Of("tool", text);
    ASSERT_EQ(internal::DigestJson(text, kKey),
              internal::DigestJson(text, kKey, internal::Blocks::kPortable))
        << text;
    const auto [by_text, is_first] = by_text_.emplace(*canonical, print);
    const auto [by_print, is_new] = by_print_.emplace(print, *canonical);
    ++(is_first ? different_ : equal_);
    ASSERT_EQ(by_text->second, print) << "should be equal: " << text;
    ASSERT_EQ(by_print->second, *canonical) << "should differ: " << text;
  }

  size_t equal() const { return equal_; }
  size_t different() const { return different_; }
  size_t skipped() const { return skipped_; }

 private:
  Fingerprinter prints_{42};
  std::map<std::string, Fingerprint> by_text_;
  std::map<Fingerprint, std::string> by_print_;
  size_t equal_ = 0;
  size_t different_ = 0;
  size_t skipped_ = 0;
};

// Returns `text` with one byte put in, taken out or replaced.
std::string EditByte(std::string text, Random* random) {
  constexpr std::string_view kBytes = "{}[]\",:\\u019.eE-+ \ntrulnfas`";
  const char byte = kBytes[Pick(random, kBytes.size())];
  const size_t at = Pick(random, text.size() + 1);
  switch (at == text.size() ? 0 : Pick(random, 3)) {
    case 0:
      return text.insert(at, 1, byte);
    case 1:
      return text.erase(at, 1);
    default:
      text[at] = byte;
      return text;
  }
}

// Returns the text of a JSON string that holds `text`.
std::string Wrap(const std::string& text) { return json(text).dump(); }

TEST(FingerprinterOracleTest, AgreesOnGeneratedDocuments) {
  Random random(20240601);
  Judge judge;
  for (int i = 0; i < 4000; ++i) {
    const Tree tree = testing::RandomTree(&random, 3);
    const std::string text = testing::Spell(tree, &random);
    judge.Check(text);
    judge.Check(testing::Spell(tree, &random));
    judge.Check(Wrap(text));
    judge.Check(testing::Spell(testing::ChangeOne(tree, &random), &random));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(judge.equal(), 6000u);
  EXPECT_GT(judge.different(), 4000u);
  EXPECT_EQ(judge.skipped(), 0u);
}

TEST(FingerprinterOracleTest, AgreesOnBrokenDocuments) {
  Random random(20240602);
  Judge judge;
  for (int i = 0; i < 20000; ++i) {
    std::string text = testing::Spell(testing::RandomTree(&random, 2), &random);
    for (size_t edits = 1 + Pick(&random, 3); edits > 0; --edits) {
      text = EditByte(std::move(text), &random);
    }
    judge.Check(text);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(judge.equal(), 1000u);
  EXPECT_GT(judge.different(), 10000u);
  EXPECT_LT(judge.skipped(), 1000u);
}

TEST(FingerprinterOracleTest, AgreesOnEveryShortText) {
  constexpr std::string_view kBytes = "{}[]\",:\\a01.e- ";
  Judge judge;
  std::vector<std::string> texts = {""};
  for (size_t next = 0; next < texts.size(); ++next) {
    judge.Check(texts[next]);
    if (HasFatalFailure()) return;
    if (texts[next].size() == 4) continue;
    for (const char byte : kBytes) texts.push_back(texts[next] + byte);
  }
  EXPECT_EQ(texts.size(), 54241u);
  EXPECT_GT(judge.equal(), 1000u);
}

// Calls `visit(value)` for every string under a key "arguments".
template <typename Visit>
void ForEachArguments(const json& value, const Visit& visit) {
  for (const auto& item : value.items()) {
    const json& inner = item.value();
    if (item.key() == "arguments" && inner.is_string()) {
      visit(inner.get<std::string>());
    } else if (inner.is_structured()) {
      ForEachArguments(inner, visit);
    }
  }
}

// Returns the text that a `.gz` file holds.
std::string Unzip(const std::string& path) {
  const std::string command = "gzip -dc '" + path + "'";
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::vector<char> buffer(1 << 16);
  while (const size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), n);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

// Returns all different arguments in a text of JSON lines, of at most
// `max_lines` spread over it.
std::set<std::string> ArgumentsIn(const std::string& lines, size_t max_lines) {
  const size_t count =
      static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'));
  const size_t step = 1 + count / max_lines;
  std::set<std::string> found;
  std::istringstream stream(lines);
  std::string line;
  for (size_t number = 0; std::getline(stream, line); ++number) {
    if (number % step != 0) continue;
    ForEachArguments(json::parse(line, nullptr, false),
                     [&](std::string text) { found.insert(std::move(text)); });
  }
  return found;
}

// Checks a recorded text, other spellings of it, and near misses.
void CheckAround(const std::string& text, Random* random, Judge* judge) {
  judge->Check(text);
  judge->Check(Wrap(text));
  judge->Check(EditByte(text, random));
  const testing::OracleTree read = testing::ReadTree(text);
  if (!read.tree) return;
  judge->Check(testing::Spell(*read.tree, random));
  judge->Check(testing::Spell(testing::ChangeOne(*read.tree, random), random));
}

TEST(FingerprinterOracleTest, AgreesOnRecordedArguments) {
  const std::optional<std::string> shared = testing::SharedDir();
  if (!shared) {
    GTEST_SKIP() << "no ../shared beside the checkout: 0 of 27 files checked";
  }
  const size_t max_lines = testing::IsFull() ? size_t{1} << 40 : 1500;
  Random random(20240603);
  Judge judge;
  size_t files = 0;
  size_t texts = 0;
  for (const char* folder : {"/data/openai_agents", "/data/trajectories"}) {
    for (const auto& file :
         std::filesystem::directory_iterator(*shared + folder)) {
      const std::string path = file.path().string();
      const bool zipped = file.path().extension() == ".gz";
      ++files;
      for (const std::string& text : ArgumentsIn(
               zipped ? Unzip(path) : *testing::ReadFile(path), max_lines)) {
        ++texts;
        CheckAround(text, &random, &judge);
        if (HasFatalFailure()) return;
      }
    }
  }
  std::printf("%zu files, %zu arguments, %zu texts skipped\n", files, texts,
              judge.skipped());
  EXPECT_GE(files, 27u);
  EXPECT_GT(texts, 3000u);
  EXPECT_GT(judge.equal(), texts);
  EXPECT_LT(judge.skipped(), texts / 10);
}

}  // namespace
}  // namespace spanlink
