// AnnotationBook: which LLM span each annotation of one trace belongs to.
//
// A hook around an LLM call wants to put metadata on the LLM span, but runs
// before the span starts or after it ended; what the two have in common is the
// parent. An annotation addressed to an LLM span goes to it at once. One that
// is addressed to a parent goes, by the phase that the parent is in:
//
//   hook start … LLM start   to the LLM span that starts next, and to every
//                            further one (a retry) until the hook ends
//   LLM start  … LLM end     to that LLM span
//   LLM end    … hook end    to the last LLM span that the hook saw
//
// The last phase also ends when a child that is no LLM span starts, when the
// next hook starts, and with the parent or the trace. Without any hook it is
// the same, but the next LLM span begins anew, and an annotation that comes
// before the first LLM span, or after the child that ended the last phase,
// waits for the next one. Hooks of several kinds may start and end around one
// call; of LLM spans that overlap under one parent, the one that started last
// counts. A model may open spans of its own around its LLM span: while a hook
// of a parent further up has not ended, that counts as the parent. What finds
// no LLM span is dropped and counted as `evicted_annotation`. Without a sink
// for annotations nothing is kept.
//
// Lifetime: `options` and `diagnostics` must outlive the book. Values are other
// people's secrets: they are freed as soon as they are handed out for good or
// dropped.
// Thread safety: Confined to one thread at a time.
// Complexity: O(log n) a signal and an annotation that it hands out. Keeps at
// most `Limits::annotations_per_scope` annotations of `kMaxBytes` together, the
// oldest go first, and `kMaxSpans` spans, the least recently seen go first.
#ifndef SPANLINK_LINKER_ANNOTATION_BOOK_H_
#define SPANLINK_LINKER_ANNOTATION_BOOK_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "absl/container/node_hash_map.h"
#include "spanlink/linker/batch.h"
#include "spanlink/linker/options.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {

class AnnotationBook {
 public:
  static constexpr size_t kMaxBytes = size_t{16} << 20;
  static constexpr size_t kMaxSpans = size_t{1} << 12;
  // Spans around an LLM span that are looked at.
  static constexpr int kMaxClimb = 256;

  AnnotationBook(TraceId trace, const Options* options,
                 Diagnostics* diagnostics)
      : trace_(trace), options_(options), diagnostics_(diagnostics) {}
  AnnotationBook(const AnnotationBook&) = delete;
  AnnotationBook& operator=(const AnnotationBook&) = delete;

  // Each appends to `batch.annotations` what it binds to an LLM span for good.
  void OnSpanStart(const SpanStart& start, Batch& batch);
  // Takes a span that never started, too.
  void OnSpanFinish(const SpanFinish& finish, Batch& batch);
  void OnLlmHook(const LlmHook& hook, Batch& batch);
  void OnAnnotate(const Annotate& annotate, Batch& batch);
  // Hands out or drops all that is left; the book is empty afterwards.
  void OnScopeFinish(Batch& batch);

  // Annotations kept.
  size_t size() const { return held_.size(); }
  // Spans remembered.
  size_t spans() const { return spans_.size(); }

 private:
  enum class Phase : uint8_t {
    kBefore,  // neither an LLM span nor a hook so far
    kHook,    // a hook started, and no LLM span since
    kLlm,     // the last LLM span is open
    kAfter,   // it ended
    kClosed,  // and takes nothing any more
  };

  struct Span {
    SpanId id;
    // As a child: whether it is an LLM span, and whether its parent was told.
    bool is_llm = false;
    bool is_placed = false;
    bool is_other = false;  // no agent, tool …: a model may have opened it
    SpanId parent;
    // As a parent.
    Phase phase = Phase::kBefore;
    bool hook_ended = false;  // in `kLlm`
    bool has_hooks = false;   // one started, ever
    uint32_t hooks = 0;       // that started and did not end
    SpanId last_llm;          // but in `kBefore`
    std::list<Span*>::iterator age;
  };

  // What an annotation waits for.
  enum class Wait : uint8_t { kNextLlm, kHookEnd };
  struct Place {
    SpanId parent;
    Wait wait = Wait::kNextLlm;
    uint64_t number = 0;  // in order of arrival
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Held {
    std::string key;
    std::string value;
    bool was_bound = false;  // to one LLM span at least
  };
  using HeldMap = std::map<Place, Held>;

  Span* Find(SpanId id);
  // Finds or adds; it is the most recently seen one then.
  Span& Touch(SpanId id, Batch& batch);
  void Erase(Span* span);

  // Takes what is known of a span that started.
  void Start(const SpanRef& ref, SpanKind kind, Batch& batch);
  SpanId HookedAround(SpanId parent);
  void OnLlmStart(Span& parent, SpanId llm, Batch& batch);
  void OnLlmEnd(Span& parent, SpanId llm);
  void OnHookStart(Span& parent, Batch& batch);
  void OnHookEnd(Span& parent, Batch& batch);
  // Ends what `parent` is in: the last LLM span gets what is held for it.
  void Close(Span& parent, Batch& batch);

  void Hold(SpanId parent, Wait wait, const Annotate& annotate, Batch& batch);
  // Binds to `llm` what waits at `parent`; `keep` for further LLM spans.
  void Bind(SpanId parent, Wait wait, SpanId llm, bool keep, Batch& batch);
  void Drop(SpanId parent, Wait wait, Batch& batch);
  void DropOldest(Batch& batch);
  HeldMap::iterator Free(HeldMap::iterator held);
  void Report(SpanId target, Batch& batch);
  HeldMap::iterator First(SpanId parent, Wait wait);
  bool IsAt(HeldMap::iterator held, SpanId parent, Wait wait) const;

  const TraceId trace_;
  const Options* const options_;
  Diagnostics* const diagnostics_;

  absl::node_hash_map<SpanId, Span> spans_;
  std::list<Span*> ages_;  // the least recently seen first

  HeldMap held_;
  std::map<uint64_t, HeldMap::iterator> arrivals_;
  uint64_t next_number_ = 0;
  size_t bytes_ = 0;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_ANNOTATION_BOOK_H_
