// GuardrailBook: which LLM span each guardrail of one trace looked at.
//
// No dialect says whether a guardrail checks an input or an output; the order
// says it. Guarded are the LLM spans below the guardrail's parent and below no
// other agent. If one of them had finished when the guardrail started, it is an
// output guardrail, of the last one that finished: LLM -> guardrail. Otherwise
// it is an input guardrail, of the first one that will finish: guardrail ->
// LLM, even if the guardrail ended long before.
//
// Lifetime: `tree` must outlive the book.
// Thread safety: Confined to one thread at a time.
// Complexity: O(depth below the nearest agent) an LLM finish, O(1) a guardrail;
// keeps one entry a parent that is still open, all bounded by the tree's limit.
#ifndef SPANLINK_LINKER_GUARDRAIL_BOOK_H_
#define SPANLINK_LINKER_GUARDRAIL_BOOK_H_

#include <cstddef>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "spanlink/linker/batch.h"
#include "spanlink/linker/options.h"
#include "spanlink/linker/span_tree.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class GuardrailBook {
 public:
  GuardrailBook(TraceId trace, const Options* options, const SpanTree* tree)
      : trace_(trace), options_(options), tree_(tree) {}

  // Live mode: in the order of the signals, each guardrail once.
  void OnStart(SpanTree::Node guardrail, Batch& batch);
  void OnFinish(SpanTree::Node span, const SpanFinish& finish, Batch& batch);

  // Settled mode: replays the starts of guardrails and the ends of LLM spans in
  // the order of their times.
  void Settle(Batch& batch);

  // Guardrails that wait for an LLM span.
  size_t size() const { return waiting_; }

 private:
  using Node = SpanTree::Node;
  struct Parent {
    Node last_llm = SpanTree::kNone;
    std::vector<Node> waiting;
  };

  void OnLlmFinished(Node llm, Batch& batch);
  void Emit(Node consumer, Node producer, LinkKind kind, Batch& batch) const;
  Parent* Open(SpanId parent);

  const TraceId trace_;
  const Options* const options_;
  const SpanTree* const tree_;
  size_t waiting_ = 0;
  absl::flat_hash_map<SpanId, Parent> parents_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_GUARDRAIL_BOOK_H_
