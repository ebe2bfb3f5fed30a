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

void FillList(const std::vector<OtlpAttribute>& from, AttributeList* to) {
  to->Clear();
  for (const OtlpAttribute& attribute : from) {
    to->Add({attribute.key, TypeOf(attribute.type), attribute.text});
  }
  to->Seal();
}

}  // namespace

const FinishedSpan& OtlpDecoder::Read(std::string_view bytes,
                                      const OtlpSpan& span,
                                      std::span<const OtlpLog> logs) {
  reader_.Read(bytes, span);
  for (const OtlpLog& log : logs) reader_.AddLog(bytes, log);
  Fill(span);
  return finished_;
}

const FinishedSpan& OtlpDecoder::Read(std::string_view bytes,
                                      const OtlpLog& log) {
  reader_.Read(bytes, log);
  Fill(OtlpSpan{});
  return finished_;
}

void OtlpDecoder::Fill(const OtlpSpan& span) {
  FillList(reader_.attributes(), &attributes_);
  events_.resize(reader_.events().size());
  for (size_t i = 0; i < events_.size(); ++i) {
    events_[i].name = reader_.events()[i].name;
    FillList(reader_.events()[i].attributes, &events_[i].attributes);
  }
  finished_.name = reader_.name();
  finished_.failed = span.status == OtlpStatus::kError;
  finished_.status_message = reader_.status_message();
  finished_.dropped_attributes = span.dropped_attributes > 0;
  finished_.attributes = &attributes_;
  finished_.events = events_;
}

}  // namespace spanlink
