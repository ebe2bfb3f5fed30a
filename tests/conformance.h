// ConformanceTest: the fixture of the conformance list, in both modes.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_TESTS_CONFORMANCE_H_
#define SPANLINK_TESTS_CONFORMANCE_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spanlink/tests/testing.h"

namespace spanlink::testing {

class ConformanceTest : public ::testing::TestWithParam<Mode> {
 protected:
  using Lines = std::vector<std::string>;

  // Expects exactly these links and these anomalies, books empty at the end
  // but for parked calls. In settled mode the same for other orders of arrival.
  void Expect(const Scenario& s, Lines links, Lines anomalies = {}) {
    Expect(s, std::move(links), std::move(anomalies), TestOptions(GetParam()));
  }

  void Expect(const Scenario& s, Lines links, Lines anomalies,
              const Options& options) {
    ExpectInOrder(s, links, anomalies, options, s.Signals());
    if (options.mode == Mode::kLive) return;
    for (uint32_t seed = 1; seed <= 6; ++seed) {
      SCOPED_TRACE("shuffled with seed " + std::to_string(seed));
      ExpectInOrder(s, links, anomalies, options, Shuffled(s.Signals(), seed));
    }
  }

  // The same for one order only.
  void ExpectInOrder(const Scenario& s, Lines links, Lines anomalies,
                     const Options& options, std::vector<Signal> signals) {
    std::sort(links.begin(), links.end());
    std::sort(anomalies.begin(), anomalies.end());
    const PlayResult result = Play(options, signals);
    EXPECT_EQ(Show(s, result.links), links);
    EXPECT_EQ(Show(result.diagnostics, Unmentioned(anomalies)), anomalies);
    ToolCallTracker::Stats stats = result.stats;
    stats.parked_calls = 0;
    EXPECT_EQ(stats, ToolCallTracker::Stats());
  }

 private:
  // The rows do not always name these two, which are no fault of the data.
  static std::vector<DiagnosticId> Unmentioned(const Lines& anomalies) {
    std::vector<DiagnosticId> ids;
    for (const DiagnosticId id :
         {DiagnosticId::kCallNeverExecuted, DiagnosticId::kReservationMoved}) {
      const std::string name(Describe(id).name);
      const bool named = std::any_of(
          anomalies.begin(), anomalies.end(),
          [&](const std::string& line) { return line.starts_with(name); });
      if (!named) ids.push_back(id);
    }
    return ids;
  }
};

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_CONFORMANCE_H_
