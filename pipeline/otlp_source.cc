#include "spanlink/pipeline/otlp_source.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/dialects/content.h"
#include "spanlink/dialects/registry.h"
#include "spanlink/pipeline/link_attributes.h"
#include "spanlink/pipeline/tool_payload.h"

namespace spanlink {
namespace {

// Every link that this project writes says its kind.
constexpr std::string_view kOwnLink = "spanlink.kind";

const OtlpFilter& ContentFilter() {
  static const OtlpFilter* const filter = new OtlpFilter{
      [](OtlpPlace place, std::string_view key, OtlpValueType type) {
        if (type == OtlpValueType::kNull) return false;  // not understood
        const bool is_number = type == OtlpValueType::kInt ||
                               type == OtlpValueType::kDouble ||
                               type == OtlpValueType::kBool;
        return place == OtlpPlace::kSpan ? IsFreeOfContent(key, is_number)
                                         : IsEventFreeOfContent(key, is_number);
      }};  // never destroyed
  return *filter;
}

// Returns the arguments of the call that a link names; nullopt if it may be
// several.
std::optional<std::string> ArgumentsOf(const SpanLink& link,
                                       const SpanFacts& answer) {
  const std::string_view id = link.tool_call_id;
  const ChoiceFact* found = nullptr;
  for (const ChoiceFact& choice : answer.choices) {
    if (choice.name != std::string_view(link.tool_name)) continue;
    if (!id.empty() && choice.id != id) continue;
    if (found != nullptr) return std::nullopt;
    found = &choice;
  }
  return found == nullptr ? std::nullopt : found->arguments;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TraceSource>> OtlpSource::Read(
    const std::string& name, std::string bytes, OtlpFormat format,
    const Progress& progress) {
  auto spans = ReadOtlp({name, bytes, format}, progress);
  if (!spans.ok()) return spans.status();
  return std::unique_ptr<TraceSource>(
      new OtlpSource(name, std::move(bytes), *std::move(spans)));
}

void OtlpSource::SortLogs() {
  const auto key = [](const OtlpLog& log) {
    return std::pair(log.context, log.time.value_or(Time::max()));
  };
  std::stable_sort(
      spans_.logs.begin(), spans_.logs.end(),
      [&key](const OtlpLog& a, const OtlpLog& b) { return key(a) < key(b); });
}

std::span<const OtlpLog> OtlpSource::LogsOf(const SpanContext& context) const {
  const auto first = std::partition_point(
      spans_.logs.begin(), spans_.logs.end(),
      [&context](const OtlpLog& log) { return log.context < context; });
  const auto last = std::find_if(
      first, spans_.logs.end(),
      [&context](const OtlpLog& log) { return log.context != context; });
  return {first, last};
}

SpanRef OtlpSource::Ref(size_t index) const {
  const OtlpSpan& span = spans_.spans[index];
  SpanRef ref;
  ref.context = span.context;
  ref.parent = span.parent;
  ref.start = span.start;
  ref.end = span.end;
  return ref;
}

std::string OtlpSource::TraceIdText(size_t index) const {
  return spans_.spans[index].context.trace_id.ToHex();
}

std::string OtlpSource::SpanIdText(size_t index) const {
  return spans_.spans[index].context.span_id.ToHex();
}

void OtlpSource::Decode(size_t index, DecodedSpan* span) {
  const OtlpSpan& record = spans_.spans[index];
  const FinishedSpan& finished =
      decoder_.Read(bytes_, record, LogsOf(record.context));
  span->facts.Clear();
  span->name = finished.name;
  span->scope = spans_.scopes[record.scope];
  span->dialect = {};
  span->dropped_attributes = finished.dropped_attributes;
  if (const Dialect* dialect = DecodeSpan(finished, &span->facts)) {
    span->dialect = dialect->name();
  } else if (finished.failed) {
    span->facts.outcome = Outcome::kFailed;
  }
  span->facts.unreadable += static_cast<uint32_t>(decoder_.unreadable());
}

absl::StatusOr<std::string> OtlpSource::Write(
    const std::vector<ConsumerLinks>& links,
    const WriteOptions& options) const {
  Changes changes;
  if (options.strip_content) {
    if (const absl::Status s = StripContent(&changes); !s.ok()) return s;
    // What has our links and no content was linked while it had some. What is
    // left might give other links, and none that are better.
    const bool linked = bytes_.find(kOwnLink) != std::string::npos;
    if (linked && WriteChanges(changes) == bytes_) return bytes_;
  } else if (options.tool_payload.any()) {
    AddPayloads(links, options.tool_payload, &changes);
  }
  for (const ConsumerLinks& consumer : links) {
    for (const SpanLink* link : consumer.links) {
      changes.spans[consumer.span].links.push_back(
          ToOtlpLink(*link, options.links));
    }
  }
  return WriteChanges(changes);
}

std::string OtlpSource::WriteChanges(const Changes& changes) const {
  std::vector<OtlpSpanChange> spans;
  for (const auto& [index, change] : changes.spans) {
    spans.push_back(change);
    spans.back().span = &spans_.spans[index];
  }
  return WriteOtlp(bytes_, spans_, spans, changes.logs);
}

// What cannot be read cannot be stripped, and is not passed on.
absl::Status OtlpSource::StripContent(Changes* changes) const {
  if (unreadable() > 0) return UnreadableContent();
  OtlpDecoder decoder(spans_.format);
  absl::flat_hash_set<SpanContext> gen_ai;
  for (size_t i = 0; i < spans_.spans.size(); ++i) {
    const OtlpSpan& span = spans_.spans[i];
    const FinishedSpan& finished =
        decoder.Read(bytes_, span, LogsOf(span.context));
    if (!IsGenAi(finished) && decoder.unreadable() == 0) continue;
    changes->spans[i].filter = &ContentFilter();
    gen_ai.insert(span.context);
  }
  for (const OtlpLog& log : spans_.logs) {
    const bool of_gen_ai = gen_ai.contains(log.context) ||
                           IsGenAi(decoder.Read(bytes_, log)) ||
                           decoder.unreadable() > 0;
    if (of_gen_ai) changes->logs.push_back({&log, &ContentFilter()});
  }
  return absl::OkStatus();
}

absl::Status OtlpSource::UnreadableContent() const {
  constexpr std::string_view kWhy =
      "content cannot be stripped from what cannot be read";
  if (!spans_.problems.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s; %s", spans_.problems.front(), std::string(kWhy)));
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: %d: expected a span or log record with valid ids, times and "
      "attributes; %s (%d of them)",
      name_, spans_.first_unreadable, std::string(kWhy), unreadable()));
}

// What was handed over stands in the answer that chose the handoff.
absl::flat_hash_map<size_t, std::string> OtlpSource::HandoffArguments(
    const std::vector<ConsumerLinks>& links, OtlpDecoder* decoder) const {
  absl::flat_hash_map<size_t, std::string> arguments;
  absl::flat_hash_map<SpanContext, size_t> index;
  for (const ConsumerLinks& consumer : links) {
    for (const SpanLink* link : consumer.links) {
      if (link->kind != LinkKind::kHandoffChoice) continue;
      for (size_t i = index.size(); i < spans_.spans.size(); ++i) {
        index.try_emplace(spans_.spans[i].context, i);
      }
      const auto producer = index.find(link->producer);
      if (producer == index.end()) continue;
      SpanFacts facts;
      DecodeSpan(decoder->Read(bytes_, spans_.spans[producer->second],
                               LogsOf(link->producer)),
                 &facts);
      auto text = ArgumentsOf(*link, facts);
      if (text) arguments[consumer.span] = *std::move(text);
    }
  }
  return arguments;
}

void OtlpSource::AddPayloads(const std::vector<ConsumerLinks>& links,
                             const PayloadProfile& profile,
                             Changes* changes) const {
  OtlpDecoder decoder(spans_.format);
  const auto handed_over = HandoffArguments(links, &decoder);
  for (size_t i = 0; i < spans_.spans.size(); ++i) {
    const OtlpSpan& span = spans_.spans[i];
    const FinishedSpan& finished =
        decoder.Read(bytes_, span, LogsOf(span.context));
    // An attribute that cannot be read may be one of these.
    if (decoder.unreadable() > 0) continue;
    SpanFacts facts;
    facts.wants_result = true;
    DecodeSpan(finished, &facts);
    if (const auto found = handed_over.find(i); found != handed_over.end()) {
      facts.arguments = found->second;
    }
    auto added = PayloadAttributes(finished, facts, profile);
    if (!added.empty()) changes->spans[i].attributes = std::move(added);
  }
}

}  // namespace spanlink
