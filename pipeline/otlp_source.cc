#include "spanlink/pipeline/otlp_source.h"

#include <algorithm>
#include <utility>

#include "spanlink/dialects/registry.h"
#include "spanlink/pipeline/link_attributes.h"

namespace spanlink {
namespace {

AttributeType TypeOf(OtlpValueType type) {
  switch (type) {
    case OtlpValueType::kNull:
      return AttributeType::kNull;
    case OtlpValueType::kString:
      return AttributeType::kString;
    case OtlpValueType::kJson:
      return AttributeType::kJson;
    default:
      return AttributeType::kScalar;
  }
}

void Fill(const std::vector<OtlpAttribute>& from, AttributeList* to) {
  to->Clear();
  for (const OtlpAttribute& attribute : from) {
    to->Add({attribute.key, TypeOf(attribute.type), attribute.text});
  }
  to->Seal();
}

}  // namespace

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

absl::StatusOr<std::unique_ptr<OtlpSource>> OtlpSource::Read(
    const std::string& name, std::string&& bytes, OtlpFormat format,
    const Progress& progress, std::shared_ptr<OtlpDecoder> decoder) {
  auto spans = ReadOtlp({name, bytes, format}, progress);
  if (!spans.ok()) return spans.status();
  if (decoder == nullptr) decoder = std::make_shared<OtlpDecoder>(format);
  return std::unique_ptr<OtlpSource>(
      new OtlpSource(std::move(bytes), *std::move(spans), std::move(decoder)));
}

OtlpSource::OtlpSource(std::string bytes, OtlpSpans spans,
                       std::shared_ptr<OtlpDecoder> decoder)
    : bytes_(std::move(bytes)),
      spans_(std::move(spans)),
      decoder_(std::move(decoder)) {
  for (const OtlpLog& log : spans_.logs) AddLog({log, bytes_});
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

void OtlpSource::ReadAttributes(const OtlpSpan& span) {
  SortLogs();
  OtlpContentReader& reader = decoder_->reader;
  reader.Read(bytes_, span);
  for (const Log& log : LogsOf(span.context)) {
    reader.AddLog(log.bytes, log.record);
  }
  Fill(reader.attributes(), &decoder_->attributes);
  std::vector<SpanEvent>& events = decoder_->events;
  events.resize(reader.events().size());
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].name = reader.events()[i].name;
    Fill(reader.events()[i].attributes, &events[i].attributes);
  }
}

void OtlpSource::Decode(size_t index, DecodedSpan* span) {
  const OtlpSpan& record = spans_.spans[index];
  ReadAttributes(record);
  const OtlpContentReader& reader = decoder_->reader;
  span->facts.Clear();
  span->facts.memo = &memo_;
  span->name = reader.name();
  span->scope = spans_.scopes[record.scope];
  span->dialect = {};
  span->dropped_attributes = record.dropped_attributes > 0;
  FinishedSpan finished;
  finished.name = span->name;
  finished.failed = record.status == OtlpStatus::kError;
  finished.status_message = reader.status_message();
  finished.dropped_attributes = span->dropped_attributes;
  finished.attributes = &decoder_->attributes;
  finished.events = decoder_->events;
  if (const Dialect* dialect = DecodeSpan(finished, &span->facts)) {
    span->dialect = dialect->name();
  } else if (finished.failed) {
    span->facts.outcome = Outcome::kFailed;
  }
  span->facts.unreadable += static_cast<uint32_t>(reader.unreadable());
  if (index + 1 == size()) memo_ = {};  // spans are mostly read in their order
}

absl::StatusOr<std::string> OtlpSource::Write(
    const std::vector<ConsumerLinks>& links,
    const WriteOptions& options) const {
  auto consumer = links.begin();
  return WriteOtlp(bytes_, spans_, [&](OtlpSpanLinks* addition) {
    if (consumer == links.end()) return false;
    addition->span = &spans_.spans[consumer->span];
    addition->links.clear();
    for (const SpanLink* link : consumer->links) {
      addition->links.push_back(ToOtlpLink(*link, options.links));
    }
    ++consumer;
    return true;
  });
}

}  // namespace spanlink
