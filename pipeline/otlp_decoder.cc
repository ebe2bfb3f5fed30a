#include "spanlink/pipeline/otlp_decoder.h"

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

void OtlpDecoder::Read(std::string_view bytes, const OtlpSpan& span) {
  reader_.Read(bytes, span);
  finished_ = {};
  finished_.failed = span.status == OtlpStatus::kError;
  finished_.dropped_attributes = span.dropped_attributes > 0;
}

void OtlpDecoder::AddLog(std::string_view bytes, const OtlpLog& log) {
  reader_.AddLog(bytes, log);
}

const FinishedSpan& OtlpDecoder::Finish() {
  Fill(reader_.attributes(), &attributes_);
  events_.resize(reader_.events().size());
  for (size_t i = 0; i < events_.size(); ++i) {
    events_[i].name = reader_.events()[i].name;
    Fill(reader_.events()[i].attributes, &events_[i].attributes);
  }
  finished_.name = reader_.name();
  finished_.status_message = reader_.status_message();
  finished_.attributes = &attributes_;
  finished_.events = events_;
  return finished_;
}

const FinishedSpan& OtlpDecoder::Read(std::string_view bytes,
                                      const OtlpLog& log) {
  reader_.Read(bytes, log);
  finished_ = {};
  return Finish();
}

}  // namespace spanlink
