#include "spanlink/model/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace spanlink {
namespace {

std::vector<DiagnosticId> AllIds() {
  std::vector<DiagnosticId> ids;
  for (size_t i = 0; i < kDiagnosticCount; ++i) {
    ids.push_back(static_cast<DiagnosticId>(i));
  }
  return ids;
}

bool IsSnakeCase(std::string_view name) {
  return !name.empty() && name.front() != '_' && name.back() != '_' &&
         name.find("__") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
}

TEST(DiagnosticsTest, CatalogueIsInOrder) {
  for (const DiagnosticId id : AllIds()) EXPECT_EQ(Describe(id).id, id);
}

TEST(DiagnosticsTest, NamesAreUniqueAndReadBack) {
  std::set<std::string_view> names;
  for (const DiagnosticId id : AllIds()) {
    const std::string_view name = Describe(id).name;
    EXPECT_TRUE(IsSnakeCase(name)) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(ParseDiagnosticId(name), id);
  }
  EXPECT_FALSE(ParseDiagnosticId("").has_value());
  EXPECT_FALSE(ParseDiagnosticId("ID_REUSED").has_value());
}

// A person reads them in a table and in the documentation.
TEST(DiagnosticsTest, SentencesAreSentences) {
  std::set<std::string_view> sentences;
  for (const DiagnosticId id : AllIds()) {
    const std::string_view sentence = Describe(id).sentence;
    ASSERT_GT(sentence.size(), 20u) << Describe(id).name;
    EXPECT_TRUE(std::isupper(static_cast<unsigned char>(sentence.front())));
    EXPECT_EQ(sentence.back(), '.') << sentence;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
}

// What a bound takes away is a loss, and nothing else is.
TEST(DiagnosticsTest, EvictionsAreDataLoss) {
  for (const DiagnosticId id : AllIds()) {
    EXPECT_EQ(Describe(id).severity == Severity::kDataLoss,
              Describe(id).name.starts_with("evicted_"))
        << Describe(id).name;
  }
}

TEST(DiagnosticsTest, NamesOfSeverities) {
  EXPECT_EQ(SeverityName(Severity::kInfo), "info");
  EXPECT_EQ(SeverityName(Severity::kWarning), "warning");
  EXPECT_EQ(SeverityName(Severity::kDataLoss), "data_loss");
}

TEST(DiagnosticsTest, CountsEachById) {
  Diagnostics diagnostics;
  for (const DiagnosticId id : AllIds()) EXPECT_EQ(diagnostics.count(id), 0u);
  diagnostics.Count(DiagnosticId::kIdReused);
  diagnostics.Count(DiagnosticId::kIdReused, 4);
  diagnostics.Count(DiagnosticId::kListenerFailed);
  for (const DiagnosticId id : AllIds()) {
    uint64_t expected = id == DiagnosticId::kIdReused ? 5 : 0;
    if (id == DiagnosticId::kListenerFailed) expected = 1;
    EXPECT_EQ(diagnostics.count(id), expected) << Describe(id).name;
  }
}

TEST(DiagnosticsTest, CountsFromSeveralThreads) {
  Diagnostics diagnostics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) {
        diagnostics.Count(DiagnosticId::kUnmatchedUse);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(diagnostics.count(DiagnosticId::kUnmatchedUse), 40'000u);
}

}  // namespace
}  // namespace spanlink
