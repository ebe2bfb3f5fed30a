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

absl::StatusOr<std::unique_ptr<TraceSource>> OtlpSource::Read(
    const std::string& name, std::string bytes, OtlpFormat format,
    const Progress& progress) {
  auto spans = ReadOtlp({name, bytes, format}, progress);
  if (!spans.ok()) return spans.status();
  return std::unique_ptr<TraceSource>(
      new OtlpSource(std::move(bytes), *std::move(spans)));
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

void OtlpSource::ReadAttributes(const OtlpSpan& span) {
  reader_.Read(bytes_, span);
  for (const OtlpLog& log : LogsOf(span.context)) reader_.AddLog(bytes_, log);
  Fill(reader_.attributes(), &attributes_);
  events_.resize(reader_.events().size());
  for (size_t i = 0; i < events_.size(); ++i) {
    events_[i].name = reader_.events()[i].name;
    Fill(reader_.events()[i].attributes, &events_[i].attributes);
  }
}

void OtlpSource::Decode(size_t index, DecodedSpan* span) {
  const OtlpSpan& record = spans_.spans[index];
  ReadAttributes(record);
  span->facts.Clear();
  span->name = reader_.name();
  span->scope = spans_.scopes[record.scope];
  span->dialect = {};
  span->dropped_attributes = record.dropped_attributes > 0;
  FinishedSpan finished;
  finished.name = span->name;
  finished.failed = record.status == OtlpStatus::kError;
  finished.status_message = reader_.status_message();
  finished.dropped_attributes = span->dropped_attributes;
  finished.attributes = &attributes_;
  finished.events = events_;
  if (const Dialect* dialect = DecodeSpan(finished, &span->facts)) {
    span->dialect = dialect->name();
  } else if (finished.failed) {
    span->facts.outcome = Outcome::kFailed;
  }
  span->facts.unreadable += static_cast<uint32_t>(reader_.unreadable());
}

absl::StatusOr<std::string> OtlpSource::Write(
    const std::vector<ConsumerLinks>& links,
    const WriteOptions& options) const {
  std::vector<OtlpSpanChange> additions;
  for (const ConsumerLinks& consumer : links) {
    OtlpSpanChange addition;
    addition.span = &spans_.spans[consumer.span];
    for (const SpanLink* link : consumer.links) {
      addition.links.push_back(ToOtlpLink(*link, options.links));
    }
    additions.push_back(std::move(addition));
  }
  return WriteOtlp(bytes_, spans_, std::move(additions));
}

}  // namespace spanlink
