#include "spanlink/viewer/trace_view.h"

#include <algorithm>
#include <numeric>

#include "spanlink/viewer/printable.h"

namespace spanlink {
namespace {

constexpr size_t kMinShortId = 6;
constexpr size_t kMaxShortId = 32;  // of ids that are text of any length

// SDK ids start with their type, which tells nothing apart.
std::string_view WithoutPrefix(std::string_view id, std::string_view prefix) {
  return id.starts_with(prefix) ? id.substr(prefix.size()) : id;
}

std::string_view ShortPart(const SpanSummary& span) {
  return WithoutPrefix(span.span_id_text, "span_");
}

char Lower(char c) { return 'A' <= c && c <= 'Z' ? c - 'A' + 'a' : c; }

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return Lower(a) == Lower(b); });
}

bool IdStartsWith(std::string_view id, std::string_view type,
                  std::string_view prefix) {
  return StartsWith(id, prefix) || StartsWith(WithoutPrefix(id, type), prefix);
}

bool IsWholeId(std::string_view id, std::string_view text) {
  return id.size() == text.size() ||
         WithoutPrefix(id, "span_").size() == text.size();
}

size_t CommonPrefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

size_t DistinguishingLength(std::span<const SpanSummary> spans) {
  std::vector<std::string_view> ids;
  ids.reserve(spans.size());
  for (const SpanSummary& span : spans) ids.push_back(ShortPart(span));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  size_t length = kMinShortId;
  for (size_t i = 1; i < ids.size(); ++i) {
    length = std::max(length, CommonPrefix(ids[i - 1], ids[i]) + 1);
  }
  return std::min(length, kMaxShortId);
}

// Returns the positions 0 … size-1, stably sorted by what `key` says of each.
template <typename Key>
std::vector<uint32_t> SortedBy(size_t size, Key key) {
  std::vector<uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  return order;
}

template <typename Key>
std::vector<const SpanLink*> LinksAt(std::span<const SpanLink> links,
                                     const std::vector<uint32_t>& order,
                                     const SpanContext& context, Key key) {
  std::vector<const SpanLink*> found;
  auto at = std::lower_bound(
      order.begin(), order.end(), context,
      [&](uint32_t i, const SpanContext& c) { return key(links[i]) < c; });
  for (; at != order.end() && key(links[*at]) == context; ++at) {
    found.push_back(&links[*at]);
  }
  return found;
}

const SpanContext& ConsumerOf(const SpanLink& link) { return link.consumer; }
const SpanContext& ProducerOf(const SpanLink& link) { return link.producer; }

}  // namespace

std::string NameOf(const SpanSummary& span) {
  if (IsExecution(span) && !span.tool_name.empty()) {
    const bool tool = span.kind == SpanKind::kTool;
    return std::string(tool ? "" : "handoff to ").append(span.tool_name);
  }
  return std::string(span.name.empty() ? "(no name)" : span.name);
}

SpanIndex::SpanIndex(std::span<const SpanSummary> spans)
    : spans_(spans),
      by_context_(
          SortedBy(spans.size(), [&](uint32_t i) { return spans[i].context; })),
      short_length_(DistinguishingLength(spans)) {}

const SpanSummary* SpanIndex::Find(const SpanContext& context) const {
  const auto at = std::lower_bound(
      by_context_.begin(), by_context_.end(), context,
      [&](uint32_t i, const SpanContext& c) { return spans_[i].context < c; });
  if (at == by_context_.end() || spans_[*at].context != context) return nullptr;
  return &spans_[*at];
}

std::string SpanIndex::ShortId(const SpanSummary& span) const {
  return Printable(ShortPart(span).substr(0, short_length_), kMaxShortId);
}

std::vector<const SpanSummary*> SpanIndex::Match(std::string_view text) const {
  const size_t colon = text.find(':');
  const std::string_view trace =
      colon == std::string_view::npos ? "" : text.substr(0, colon);
  const std::string_view id =
      colon == std::string_view::npos ? text : text.substr(colon + 1);
  std::vector<const SpanSummary*> begins;
  std::vector<const SpanSummary*> whole;
  for (const SpanSummary& span : spans_) {
    if (!IdStartsWith(span.trace_id_text, "trace_", trace)) continue;
    if (!IdStartsWith(span.span_id_text, "span_", id)) continue;
    begins.push_back(&span);
    if (IsWholeId(span.span_id_text, id)) whole.push_back(&span);
  }
  return whole.empty() ? begins : whole;
}

LinkIndex::LinkIndex(std::span<const SpanLink> links)
    : links_(links),
      by_consumer_(SortedBy(links.size(),
                            [&](uint32_t i) { return links[i].consumer; })),
      by_producer_(SortedBy(links.size(),
                            [&](uint32_t i) { return links[i].producer; })) {}

std::vector<const SpanLink*> LinkIndex::Into(
    const SpanContext& consumer) const {
  return LinksAt(links_, by_consumer_, consumer, ConsumerOf);
}

std::vector<const SpanLink*> LinkIndex::From(
    const SpanContext& producer) const {
  return LinksAt(links_, by_producer_, producer, ProducerOf);
}

std::vector<std::span<const SpanSummary>> ByTrace(
    std::span<const SpanSummary> spans) {
  std::vector<std::span<const SpanSummary>> traces;
  for (size_t begin = 0; begin < spans.size();) {
    size_t end = begin;
    while (end < spans.size() &&
           spans[end].context.trace_id == spans[begin].context.trace_id) {
      ++end;
    }
    traces.push_back(spans.subspan(begin, end - begin));
    begin = end;
  }
  return traces;
}

}  // namespace spanlink
