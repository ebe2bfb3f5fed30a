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

bool IsOfSpan(const OtlpLog& log) {
  return !log.context.trace_id.is_zero() && !log.context.span_id.is_zero();
}

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

void AppendLinks(const ConsumerLinks& consumer, const LinkProfile& profile,
                 std::vector<OtlpLink>* links) {
  for (const SpanLink* link : consumer.links) {
    links->push_back(ToOtlpLink(*link, profile));
  }
}

}  // namespace

class OtlpSource::OwnReader {
 public:
  explicit OwnReader(const OtlpSource& source)
      : bytes_(source.bytes_), decoder_(source.spans_.format) {
    for (const OtlpLog& log : source.spans_.logs) {
      if (IsOfSpan(log)) logs_[log.context].push_back(&log);
    }
  }

  const FinishedSpan& Read(const OtlpSpan& span) {
    decoder_.Read(bytes_, span);
    if (const auto logs = logs_.find(span.context); logs != logs_.end()) {
      for (const OtlpLog* log : logs->second) decoder_.AddLog(bytes_, *log);
    }
    return decoder_.Finish();
  }
  const FinishedSpan& Read(const OtlpLog& log) {
    return decoder_.Read(bytes_, log);
  }
  // Whether something in what was read last was skipped.
  bool skipped() const { return decoder_.unreadable() > 0; }

 private:
  std::string_view bytes_;
  OtlpDecoder decoder_;
  absl::flat_hash_map<SpanContext, std::vector<const OtlpLog*>> logs_;
};

OtlpFormat ToOtlpFormat(TraceFormat format) {
  switch (format) {
    case TraceFormat::kOtlpProto:
      return OtlpFormat::kProto;
    case TraceFormat::kOtlpProtoFrames:
      return OtlpFormat::kProtoFrames;
    default:
      return OtlpFormat::kJson;
  }
}

// NOLINTNEXTLINE(readability-function-size): a text, and how to read it
absl::StatusOr<std::unique_ptr<OtlpSource>> OtlpSource::Read(
    const std::string& name, std::string&& bytes, OtlpFormat format,
    const Progress& progress, std::shared_ptr<OtlpDecoder> decoder) {
  auto spans = ReadOtlp({name, bytes, format}, progress);
  if (!spans.ok()) return spans.status();
  if (decoder == nullptr) decoder = std::make_shared<OtlpDecoder>(format);
  return std::unique_ptr<OtlpSource>(new OtlpSource(
      name, std::move(bytes), *std::move(spans), std::move(decoder)));
}

OtlpSource::OtlpSource(std::string name, std::string bytes, OtlpSpans spans,
                       std::shared_ptr<OtlpDecoder> decoder)
    : name_(std::move(name)),
      bytes_(std::move(bytes)),
      spans_(std::move(spans)),
      decoder_(std::move(decoder)) {
  for (const OtlpLog& log : spans_.logs) {
    if (IsOfSpan(log)) AddLog({log, bytes_});
  }
}

void OtlpSource::AddLog(const Log& log) {
  logs_.push_back(log);
  logs_are_sorted_ = false;
}

void OtlpSource::SortLogs() {
  if (std::exchange(logs_are_sorted_, true)) return;
  const auto key = [](const Log& log) {
    return std::pair(log.record.context, log.record.time.value_or(Time::max()));
  };
  std::stable_sort(
      logs_.begin(), logs_.end(),
      [&key](const Log& a, const Log& b) { return key(a) < key(b); });
}

std::span<const OtlpSource::Log> OtlpSource::LogsOf(
    const SpanContext& context) const {
  const auto first = std::partition_point(
      logs_.begin(), logs_.end(),
      [&context](const Log& log) { return log.record.context < context; });
  const auto last = std::find_if(
      first, logs_.end(),
      [&context](const Log& log) { return log.record.context != context; });
  return {first, last};
}

std::vector<OtlpSource::Log> OtlpSource::Events() const {
  std::vector<Log> events;
  for (const OtlpLog& log : spans_.logs) {
    if (!IsOfSpan(log)) continue;
    const std::string_view attributes = log.Text(bytes_, log.attributes);
    const bool named =
        !log.name.empty() || attributes.find("event.name") != attributes.npos;
    if (named) events.push_back({log, bytes_});
  }
  return events;
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

std::string_view OtlpSource::TraceIdText(size_t index,
                                         std::string* scratch) const {
  return *scratch = spans_.spans[index].context.trace_id.ToHex();
}

std::string_view OtlpSource::SpanIdText(size_t index,
                                        std::string* scratch) const {
  return *scratch = spans_.spans[index].context.span_id.ToHex();
}

void OtlpSource::Decode(size_t index, DecodedSpan* span) {
  const OtlpSpan& record = spans_.spans[index];
  SortLogs();
  decoder_->Read(bytes_, record);
  for (const Log& log : LogsOf(record.context)) {
    decoder_->AddLog(log.bytes, log.record);
  }
  const FinishedSpan& finished = decoder_->Finish();
  span->facts.Clear();
  span->facts.memo = &memo_;
  span->name = finished.name;
  span->scope = spans_.scopes[record.scope];
  span->dialect = {};
  span->dropped_attributes = finished.dropped_attributes;
  if (const Dialect* dialect = DecodeSpan(finished, &span->facts)) {
    span->dialect = dialect->name();
  } else if (finished.failed) {
    span->facts.outcome = Outcome::kFailed;
  }
  span->facts.unreadable += static_cast<uint32_t>(decoder_->unreadable());
  if (index + 1 == size()) memo_ = {};  // spans are mostly read in their order
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
    if (linked && WriteChanges(changes, {}, {}) == bytes_) return bytes_;
  } else if (options.tool_payload.any()) {
    AddPayloads(links, options.tool_payload, &changes);
  }
  return WriteChanges(changes, links, options.links);
}

// Both are in the order of the spans.
std::string OtlpSource::WriteChanges(const Changes& changes,
                                     const std::vector<ConsumerLinks>& links,
                                     const LinkProfile& profile) const {
  auto change = changes.spans.begin();
  auto consumer = links.begin();
  const auto next = [&](OtlpSpanChange* out) {
    const bool has_change = change != changes.spans.end();
    const bool has_links = consumer != links.end();
    if (!has_change && !has_links) return false;
    size_t index = spans_.spans.size();
    if (has_change) index = std::min(index, change->first);
    if (has_links) index = std::min(index, consumer->span);
    out->span = &spans_.spans[index];
    out->links.clear();
    out->attributes.clear();
    out->filter = nullptr;
    if (has_change && change->first == index) {
      out->attributes = change->second.attributes;
      out->filter = change->second.filter;
      ++change;
    }
    if (has_links && consumer->span == index) {
      AppendLinks(*consumer, profile, &out->links);
      ++consumer;
    }
    return true;
  };
  return WriteOtlp(bytes_, spans_, next, changes.logs);
}

// What cannot be read cannot be stripped, and is not passed on.
absl::Status OtlpSource::StripContent(Changes* changes) const {
  if (unreadable() > 0) return UnreadableContent();
  OwnReader reader(*this);
  absl::flat_hash_set<SpanContext> gen_ai;
  for (size_t i = 0; i < spans_.spans.size(); ++i) {
    const OtlpSpan& span = spans_.spans[i];
    if (!IsGenAi(reader.Read(span)) && !reader.skipped()) continue;
    changes->spans[i].filter = &ContentFilter();
    gen_ai.insert(span.context);
  }
  for (const OtlpLog& log : spans_.logs) {
    const bool of_gen_ai = gen_ai.contains(log.context) ||
                           IsGenAi(reader.Read(log)) || reader.skipped();
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
    const std::vector<ConsumerLinks>& links, OwnReader* reader) const {
  std::vector<std::pair<size_t, const SpanLink*>> choices;
  for (const ConsumerLinks& consumer : links) {
    for (const SpanLink* link : consumer.links) {
      const bool is_choice = link->kind == LinkKind::kHandoffChoice;
      if (is_choice) choices.emplace_back(consumer.span, link);
    }
  }
  absl::flat_hash_map<size_t, std::string> arguments;
  if (choices.empty()) return arguments;
  absl::flat_hash_map<SpanContext, size_t> index;
  for (size_t i = 0; i < spans_.spans.size(); ++i) {
    index.try_emplace(spans_.spans[i].context, i);
  }
  for (const auto& [consumer, link] : choices) {
    const auto producer = index.find(link->producer);
    if (producer == index.end()) continue;
    SpanFacts facts;
    DecodeSpan(reader->Read(spans_.spans[producer->second]), &facts);
    auto text = ArgumentsOf(*link, facts);
    if (text) arguments[consumer] = *std::move(text);
  }
  return arguments;
}

void OtlpSource::AddPayloads(const std::vector<ConsumerLinks>& links,
                             const PayloadProfile& profile,
                             Changes* changes) const {
  OwnReader reader(*this);
  const auto handed_over = HandoffArguments(links, &reader);
  for (size_t i = 0; i < spans_.spans.size(); ++i) {
    const FinishedSpan& finished = reader.Read(spans_.spans[i]);
    // An attribute that cannot be read may be one of these.
    if (reader.skipped()) continue;
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
