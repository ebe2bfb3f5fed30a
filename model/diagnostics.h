// Diagnostics: named, counted anomalies of the data.
//
// An orphan result or an id that repeats is not an error of a call: the engine
// goes on, and the anomaly is counted here under a name that a person can look
// up. Each has a severity, a source and a sentence for the user; `kCatalogue`
// in the .cc is the one place where they are listed.
//
// Thread safety: `Diagnostics` is thread-safe. No concurrent calls to any
// method cause a data race.
// Complexity: O(1) and no allocation for `Count`; memory is constant.
#ifndef SPANLINK_MODEL_DIAGNOSTICS_H_
#define SPANLINK_MODEL_DIAGNOSTICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spanlink/model/span_context.h"

namespace spanlink {

// Numbers may change between versions; names do not.
enum class DiagnosticId : uint8_t {
  // What the data holds.
  kChoiceRepeated,
  kChoiceDuplicate,
  kIdReused,
  kChoiceMissing,
  kCallNeverExecuted,
  kExecutionPending,
  kExecutionNested,
  kUnmatchedExecution,
  kReservationMoved,
  kHandoffIgnored,
  kUseWithoutExecution,
  kUseByFailedLlm,
  kUnmatchedUse,
  kParentCycle,
  kClockSkew,
  kMalformedSignal,
  // What a bound took away.
  kEvictedChoice,
  kEvictedExecution,
  kEvictedUse,
  kEvictedSpan,
  kEvictedScope,
  kEvictedAnnotation,
  // What a reader found.
  kUnreadableSpan,
  kUnreadableContent,
  kContentMissing,
  kContentTruncated,
  kDuplicateSpan,
  kLateSpan,
  kRootLinked,
  // What a program around us did.
  kListenerFailed,
};
inline constexpr size_t kDiagnosticCount =
    static_cast<size_t>(DiagnosticId::kListenerFailed) + 1;

enum class Severity : uint8_t {
  kInfo,      // normal in real traces; explains a link or its absence
  kWarning,   // a link may be missing or weaker than it could be
  kDataLoss,  // something was dropped to stay within a bound
};

enum class DiagnosticSource : uint8_t { kTrace, kEngine, kReader, kHost };

struct DiagnosticInfo {
  DiagnosticId id;
  std::string_view name;  // snake_case, stable
  Severity severity;
  DiagnosticSource source;
  std::string_view sentence;  // for a person, ends with a full stop
};

// Returns the catalogue's entry.
const DiagnosticInfo& Describe(DiagnosticId id);
// Returns nullopt if no diagnostic has this name.
std::optional<DiagnosticId> ParseDiagnosticId(std::string_view name);
std::string_view SeverityName(Severity severity);

// One occurrence, for those who want to know where (`spanlink link --explain`).
struct DiagnosticEvent {
  DiagnosticId id;
  SpanContext span;  // the span that it is about
};

class Diagnostics {
 public:
  void Count(DiagnosticId id, uint64_t times = 1) {
    counts_[static_cast<size_t>(id)].fetch_add(times,
                                               std::memory_order_relaxed);
  }
  uint64_t count(DiagnosticId id) const {
    return counts_[static_cast<size_t>(id)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<uint64_t>, kDiagnosticCount> counts_{};
};

}  // namespace spanlink

#endif  // SPANLINK_MODEL_DIAGNOSTICS_H_
