#include "spanlink/linker/annotation_book.h"

#include <iterator>
#include <optional>
#include <utility>

namespace spanlink {
namespace {

std::optional<SpanId> ParentOf(const SpanRef& ref) {
  if (!ref.ancestors.empty()) return ref.ancestors.front();
  return ref.parent;
}

}  // namespace

void AnnotationBook::OnSpanStart(const SpanStart& start, Batch& batch) {
  if (options_->on_annotations) Start(start.span, start.kind, batch);
}

void AnnotationBook::OnSpanFinish(const SpanFinish& finish, Batch& batch) {
  if (!options_->on_annotations) return;
  const SpanId id = finish.span.context.span_id;
  if (finish.kind == SpanKind::kLlm) Start(finish.span, finish.kind, batch);
  Span* const span = Find(id);
  if (span != nullptr && span->is_placed) {
    Span* const parent = Find(span->parent);
    if (parent != nullptr) OnLlmEnd(*parent, id);
  }
  if (span != nullptr) Close(*span, batch);
  Drop(id, Wait::kNextLlm, batch);
  if (span != nullptr && !span->is_llm) Erase(span);
}

void AnnotationBook::OnLlmHook(const LlmHook& hook, Batch& batch) {
  if (!options_->on_annotations) return;
  Span& parent = Touch(hook.parent.context.span_id, batch);
  if (hook.phase == LlmHook::Phase::kStart) {
    OnHookStart(parent, batch);
  } else {
    OnHookEnd(parent, batch);
  }
}

void AnnotationBook::OnAnnotate(const Annotate& annotate, Batch& batch) {
  if (!options_->on_annotations) return;
  const SpanId id = annotate.span_or_parent.context.span_id;
  const Span* const span = Find(id);
  const auto bind = [&](SpanId llm) {
    batch.annotations.push_back({{trace_, llm},
                                 std::string(annotate.key),
                                 std::string(annotate.value)});
  };
  if (span == nullptr) return Hold(id, Wait::kNextLlm, annotate, batch);
  if (span->is_llm) return bind(id);
  switch (span->phase) {
    case Phase::kBefore:
    case Phase::kHook:
      return Hold(id, Wait::kNextLlm, annotate, batch);
    case Phase::kLlm:
      return bind(span->last_llm);
    case Phase::kAfter:
      if (span->hooks == 0) return bind(span->last_llm);
      return Hold(id, Wait::kHookEnd, annotate, batch);
    case Phase::kClosed:
      return Report(id, batch);
  }
}

void AnnotationBook::OnScopeFinish(Batch& batch) {
  while (!arrivals_.empty()) DropOldest(batch);
  ages_.clear();
  spans_.clear();
}

AnnotationBook::Span* AnnotationBook::Find(SpanId id) {
  const auto it = spans_.find(id);
  if (it == spans_.end()) return nullptr;
  ages_.splice(ages_.end(), ages_, it->second.age);
  return &it->second;
}

AnnotationBook::Span& AnnotationBook::Touch(SpanId id, Batch& batch) {
  if (Span* const span = Find(id)) return *span;
  if (spans_.size() >= kMaxSpans) {
    Span* const oldest = ages_.front();
    Bind(oldest->id, Wait::kHookEnd, oldest->last_llm, false, batch);
    Erase(oldest);
  }
  Span& span = spans_[id];
  span.id = id;
  span.age = ages_.insert(ages_.end(), &span);
  return span;
}

void AnnotationBook::Erase(Span* span) {
  ages_.erase(span->age);
  spans_.erase(SpanId(span->id));
}

void AnnotationBook::Start(const SpanRef& ref, SpanKind kind, Batch& batch) {
  const SpanId id = ref.context.span_id;
  const bool is_llm = kind == SpanKind::kLlm;
  const std::optional<SpanId> parent_id = ParentOf(ref);
  // Other spans matter only to parents that are of interest already.
  if (!is_llm && (!parent_id || Find(*parent_id) == nullptr)) return;
  Span& span = Touch(id, batch);
  if (is_llm && !span.is_llm) {
    span.is_llm = true;
    span.is_placed = false;
    Bind(id, Wait::kNextLlm, id, false, batch);
  }
  if (!parent_id || span.is_placed) return;
  span.is_placed = true;
  span.is_other = kind == SpanKind::kOther;
  span.parent = is_llm ? HookedAround(*parent_id) : *parent_id;
  Span& parent = Touch(SpanId(span.parent), batch);
  if (is_llm) {
    OnLlmStart(parent, id, batch);
  } else if (parent.phase == Phase::kAfter) {
    Close(parent, batch);
    if (!parent.has_hooks) parent.phase = Phase::kBefore;
  }
}

// Returns the parent of an LLM span that hooks talk about: the given one, or
// one further up of whose hooks some have not ended.
SpanId AnnotationBook::HookedAround(SpanId parent) {
  SpanId id = parent;
  for (int steps = 0; steps < kMaxClimb; ++steps) {
    const Span* const span = Find(id);
    if (span == nullptr || span->is_llm) break;
    if (span->hooks > 0) return id;
    if (!span->is_placed || !span->is_other) break;
    id = span->parent;
  }
  return parent;
}

void AnnotationBook::OnLlmStart(Span& parent, SpanId llm, Batch& batch) {
  Bind(parent.id, Wait::kNextLlm, llm, parent.hooks > 0, batch);
  parent.phase = Phase::kLlm;
  parent.hook_ended = false;
  parent.last_llm = llm;
}

void AnnotationBook::OnLlmEnd(Span& parent, SpanId llm) {
  if (parent.phase != Phase::kLlm || parent.last_llm != llm) return;
  parent.phase = parent.hook_ended ? Phase::kClosed : Phase::kAfter;
}

void AnnotationBook::OnHookStart(Span& parent, Batch& batch) {
  if (parent.phase == Phase::kLlm || parent.phase == Phase::kAfter) {
    Close(parent, batch);
  }
  parent.phase = Phase::kHook;
  parent.has_hooks = true;
  ++parent.hooks;
}

void AnnotationBook::OnHookEnd(Span& parent, Batch& batch) {
  if (parent.hooks > 0) --parent.hooks;
  if (parent.hooks > 0) return;
  if (parent.phase == Phase::kLlm) {
    parent.hook_ended = true;
    Drop(parent.id, Wait::kNextLlm, batch);
  } else {
    Close(parent, batch);
  }
}

void AnnotationBook::Close(Span& parent, Batch& batch) {
  Bind(parent.id, Wait::kHookEnd, parent.last_llm, false, batch);
  Drop(parent.id, Wait::kNextLlm, batch);
  parent.phase = Phase::kClosed;
  parent.hooks = 0;
}

void AnnotationBook::Hold(SpanId parent, Wait wait, const Annotate& annotate,
                          Batch& batch) {
  const size_t limit = options_->limits.annotations_per_scope;
  const size_t bytes = annotate.key.size() + annotate.value.size();
  if (limit == 0 || bytes > kMaxBytes) return Report(parent, batch);
  while (held_.size() >= limit || bytes_ + bytes > kMaxBytes) {
    DropOldest(batch);
  }
  const uint64_t number = next_number_++;
  const auto held =
      held_
          .emplace(Place{parent, wait, number},
                   Held{std::string(annotate.key), std::string(annotate.value)})
          .first;
  arrivals_.emplace(number, held);
  bytes_ += bytes;
}

// NOLINTNEXTLINE(readability-function-size): from where, to where, and how
void AnnotationBook::Bind(SpanId parent, Wait wait, SpanId llm, bool keep,
                          Batch& batch) {
  auto held = First(parent, wait);
  while (IsAt(held, parent, wait)) {
    Held& text = held->second;
    batch.annotations.push_back({{trace_, llm}, text.key, text.value});
    text.was_bound = true;
    held = keep ? std::next(held) : Free(held);
  }
}

void AnnotationBook::Drop(SpanId parent, Wait wait, Batch& batch) {
  auto held = First(parent, wait);
  while (IsAt(held, parent, wait)) {
    if (!held->second.was_bound) Report(parent, batch);
    held = Free(held);
  }
}

// What waits for the end of a hook has an LLM span to go to already.
void AnnotationBook::DropOldest(Batch& batch) {
  const auto held = arrivals_.begin()->second;
  const Place place = held->first;
  Span* const parent = Find(place.parent);
  if (place.wait == Wait::kHookEnd && parent != nullptr) {
    batch.annotations.push_back(
        {{trace_, parent->last_llm}, held->second.key, held->second.value});
  } else if (!held->second.was_bound) {
    Report(place.parent, batch);
  }
  Free(held);
}

AnnotationBook::HeldMap::iterator AnnotationBook::Free(HeldMap::iterator held) {
  bytes_ -= held->second.key.size() + held->second.value.size();
  arrivals_.erase(held->first.number);
  return held_.erase(held);
}

void AnnotationBook::Report(SpanId target, Batch& batch) {
  diagnostics_->Count(DiagnosticId::kEvictedAnnotation);
  if (options_->on_diagnostics) {
    batch.events.push_back(
        {DiagnosticId::kEvictedAnnotation, {trace_, target}});
  }
}

AnnotationBook::HeldMap::iterator AnnotationBook::First(SpanId parent,
                                                        Wait wait) {
  return held_.lower_bound(Place{parent, wait, 0});
}

bool AnnotationBook::IsAt(HeldMap::iterator held, SpanId parent,
                          Wait wait) const {
  return held != held_.end() && held->first.parent == parent &&
         held->first.wait == wait;
}

}  // namespace spanlink
