// Scope: everything that is known of one trace.
//
// A signal first finds its place in the tree and then goes to the books that
// care for it.
//
// Lifetime: made by the first signal of a trace, gone when it is settled.
// Thread safety: Confined to one thread at a time; the tracker's lock sees to
// it.
#ifndef SPANLINK_LINKER_SCOPE_H_
#define SPANLINK_LINKER_SCOPE_H_

#include <cstddef>
#include <cstdint>

#include "spanlink/linker/annotation_book.h"
#include "spanlink/linker/batch.h"
#include "spanlink/linker/call_book.h"
#include "spanlink/linker/guardrail_book.h"
#include "spanlink/linker/span_tree.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class Scope {
 public:
  // What a scope leaves behind for the next one.
  struct Spare {
    SpanTree::Spare tree;
    CallBook::Spare calls;
  };

  // `spare` must outlive the scope.
  Scope(TraceId trace, const CallBook::Context& context, Spare* spare,
        Batch& batch);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Takes one signal of this trace, any but `ScopeFinish`.
  void OnSignal(const Signal& signal, Batch& batch);

  // Decides all that is left; in settled mode the links come in the order in
  // which their consumers started. The scope is not used afterwards.
  void Settle(Batch& batch);

  const TraceId& trace() const { return trace_; }
  const SpanTree& tree() const { return tree_; }
  const CallBook& calls() const { return calls_; }
  const GuardrailBook& guardrails() const { return guardrails_; }
  const AnnotationBook& annotations() const { return annotations_; }
  // Items kept, for the bound over all scopes.
  size_t size() const;
  // When the trace began, as far as is known: scopes settle in this order.
  int64_t start_ns() const { return start_ns_; }

 private:
  SpanTree::Span& Touch(const SpanRef& ref, SpanKind kind);
  void SortByConsumer(SpanLink* begin, SpanLink* end) const;
  void On(const SpanStart& start, Batch& batch);
  void On(const SpanFinish& finish, Batch& batch);
  void On(const LlmToolChoice& choice, Batch& batch);
  void On(const ToolCall& tool, Batch& batch);
  void On(const ToolCallOutputUsed& use, Batch& batch);
  void On(const Handoff& handoff, Batch& batch);
  void On(const LlmHook& hook, Batch& batch);
  void On(const Annotate& annotate, Batch& batch);
  void On(const ScopeFinish&, Batch&) {}

  const TraceId trace_;
  const CallBook::Context context_;
  SpanTree tree_;
  CallBook calls_;
  GuardrailBook guardrails_;
  AnnotationBook annotations_;
  uint64_t arrivals_ = 0;
  int64_t start_ns_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_SCOPE_H_
