#include "spanlink/otlp/otlp_ids.h"

#include <cstring>

#include "spanlink/otlp/base64.h"

namespace spanlink {
namespace {

template <typename Id>
std::optional<Id> Parse(std::string_view text, OtlpIdForm* form) {
  OtlpIdForm unused;
  OtlpIdForm& seen = form != nullptr ? *form : unused;
  seen = OtlpIdForm::kHex;
  if (auto id = Id::FromHex(text)) return id;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    seen = OtlpIdForm::kPrefixedHex;
    return Id::FromHex(text.substr(2));
  }
  seen = OtlpIdForm::kBase64;
  Id id;
  const auto bytes = text.ends_with('=') ? ParseBase64(text) : std::nullopt;
  if (!bytes || bytes->size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), bytes->data(), bytes->size());
  return id;
}

template <typename Id>
std::string Text(const Id& id, OtlpIdForm form) {
  if (form == OtlpIdForm::kHex) return id.ToHex();
  if (form == OtlpIdForm::kPrefixedHex) return "0x" + id.ToHex();
  std::string text;
  AppendBase64(
      {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}, &text);
  return text;
}

}  // namespace

std::optional<TraceId> ParseOtlpTraceId(std::string_view text,
                                        OtlpIdForm* form) {
  return Parse<TraceId>(text, form);
}

std::optional<SpanId> ParseOtlpSpanId(std::string_view text, OtlpIdForm* form) {
  return Parse<SpanId>(text, form);
}

std::string OtlpIdText(const TraceId& id, OtlpIdForm form) {
  return Text(id, form);
}

std::string OtlpIdText(const SpanId& id, OtlpIdForm form) {
  return Text(id, form);
}

}  // namespace spanlink
