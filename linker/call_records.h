// The records of a `CallBook`: one call, one execution, one use.
//
// Thread safety: plain values.
#ifndef SPANLINK_LINKER_CALL_RECORDS_H_
#define SPANLINK_LINKER_CALL_RECORDS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/handoff_names.h"
#include "spanlink/linker/moment.h"
#include "spanlink/linker/span_tree.h"
#include "spanlink/model/short_text.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"

namespace spanlink {

// Numbers of calls and executions in a `Numbered`.
using CallNumber = uint64_t;
using ExecutionNumber = uint64_t;
using AnswerNumber = uint64_t;  // in the list of a book
inline constexpr uint64_t kNobody = ~uint64_t{0};

// In the order in which an execution prefers them.
enum class CallState : uint8_t { kOpen, kPending, kFailed, kExecuted, kClosed };

// A tool's result in the input of an LLM span.
struct BookedUse {
  SpanTree::Node node = SpanTree::kNone;
  SpanId llm;
  Moment start;
  Fingerprint id, name;
  bool has_id = false;
  bool failed = false;
  uint32_t ordinal = 0;
};

// Where the result of a call was first read: how far from the call, up to the
// ancestor in common, and when.
struct FirstUse {
  int distance = 0;
  Moment start;
};

// What is known of few calls.
struct RareFacts {
  ShortText version;
  std::optional<HandoffTarget> handoff;
  std::vector<BookedUse> waiting_uses;
  // Of a parked call: where it comes from, and the execution whose result a
  // later trace may use.
  std::optional<TraceId> earlier_trace;
  Fingerprint earlier_conversation;
  std::optional<SpanContext> earlier_execution;
  Evidence earlier_evidence = Evidence::kToolCallId;
  bool earlier_handoff = false;
};

// A tool and arguments that an answer named.
struct BookedCall {
  CallNumber number = kNobody;
  SpanId llm;
  SpanTree::Node node = SpanTree::kNone;
  uint32_t index = 0;
  AnswerNumber answer = kNobody;
  Moment start, end;  // of the answer
  ShortText id_text, name_text;
  Fingerprint id, name;
  uint64_t identity = 0;  // equal for reports of one call
  bool identity_filed = false;
  std::optional<Fingerprint> arguments;
  CallState state = CallState::kOpen;
  bool used = false;
  bool contested = false;      // was once one of several for an execution
  bool parked_before = false;  // came from an earlier scope
  uint32_t attempts = 0;       // executions that ran
  ExecutionNumber reserved_by = kNobody;
  // Of fewer than two there is nothing on the heap.
  absl::InlinedVector<ExecutionNumber, 2> executions;
  std::optional<FirstUse> first_use;
  std::unique_ptr<RareFacts> rare_facts;  // nullptr: none is known

  const RareFacts& rare() const {
    static const auto* const none = new RareFacts();
    return rare_facts == nullptr ? *none : *rare_facts;
  }
  RareFacts& MakeRare() {
    if (rare_facts == nullptr) rare_facts = std::make_unique<RareFacts>();
    return *rare_facts;
  }
  bool has_id() const { return !id_text.empty(); }
  // Nothing but an id makes it run again.
  bool is_over() const {
    return state == CallState::kExecuted || state == CallState::kClosed;
  }

  // The nearest counts, and of those the first.
  void NoteUse(const FirstUse& use) {
    if (!first_use || use.distance < first_use->distance ||
        (use.distance == first_use->distance &&
         first_use->start.IsAfter(use.start))) {
      first_use = use;
    }
  }
};

// The agent to whom a handoff goes.
struct BookedAgent {
  ShortText name;
  Fingerprint key;
};

// The span of a tool or a handoff.
struct BookedExecution {
  ExecutionNumber number = kNobody;
  SpanId span;
  SpanTree::Node node = SpanTree::kNone;
  Moment start;
  std::optional<Moment> end;
  std::optional<SpanId> parent;
  bool start_known = false;  // by time or by signal
  bool finished = false;
  bool listed = false;  // among the undecided of its tool
  SpanKind kind = SpanKind::kTool;
  Outcome outcome = Outcome::kOk;
  bool has_id = false;
  ShortText id_text, name_text;
  Fingerprint id, name;
  absl::InlinedVector<Fingerprint, 1> readings;  // of the arguments
  std::unique_ptr<BookedAgent> to_agent;         // nullptr: not known
  // An execution of the same tool around it.
  SpanTree::Node enclosure = SpanTree::kNone;
  CallNumber call = kNobody;
  CallNumber reserved = kNobody;
  Evidence evidence = Evidence::kOrder;
  uint32_t attempt = 1;
  bool result_linked = false;

  bool is_undecided() const { return call == kNobody; }
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_CALL_RECORDS_H_
