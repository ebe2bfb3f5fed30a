#include "spanlink/pipeline/json_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "spanlink/dialects/registry.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/pipeline/json_walk.h"

namespace spanlink {
namespace {

// Objects that are looked at before a file is taken for something else.
constexpr int kMaxLooks = 4096;

// Files of OTLP say so with their first key.
bool IsOtlpKey(std::string_view key) {
  constexpr std::array<std::string_view, 8> kKeys = {
      "resourceSpans", "resource_spans", "batches",       "scopeSpans",
      "scope_spans",   "resourceLogs",   "resource_logs", "traces"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

bool LooksLikeOtlp(std::string_view bytes) {
  JsonCursor cursor(bytes, bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  std::string_view key;
  if (cursor.EnterArray()) return false;
  if (!cursor.EnterObject()) return true;  // or no JSON at all
  return cursor.NextMember(&key) && IsOtlpKey(key);
}

bool IsHex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") ==
                              std::string_view::npos;
}

// Returns hex digits without `0x`, filled up in front; "" if it is none or too
// long.
std::string FilledHex(std::string_view text, size_t size) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (!IsHex(text) || text.size() > size) return "";
  return std::string(size - text.size(), '0') + std::string(text);
}

}  // namespace

JsonObject::JsonObject(std::string_view json) {
  JsonCursor cursor(json);
  std::string_view key;
  if (!cursor.EnterObject()) return;
  while (cursor.NextMember(&key)) {
    std::string name(key);
    const auto value = cursor.ReadRaw();
    if (value) members_.emplace_back(std::move(name), *value);
  }
}

std::string_view JsonObject::Find(std::string_view key) const {
  for (auto it = members_.rbegin(); it != members_.rend(); ++it) {
    if (it->first == key) {
      return it->second == "null" ? std::string_view() : it->second;
    }
  }
  return {};
}

std::string JsonObject::Text(std::string_view key) const {
  return JsonString(Find(key)).value_or("");
}

void OwnedAttributes::Clear() {
  list_.Clear();
  texts_.clear();
}

void OwnedAttributes::Add(std::string_view key, std::string_view json) {
  if (json.empty() || json == "null") return;
  if (auto text = JsonString(json)) {
    AddText(key, *std::move(text));
    return;
  }
  const bool structured = json.front() == '[' || json.front() == '{';
  const std::string_view kept = texts_.emplace_back(key);
  list_.Add(
      {kept, structured ? AttributeType::kJson : AttributeType::kScalar, json});
}

void OwnedAttributes::AddText(std::string_view key, std::string text) {
  const std::string_view kept = texts_.emplace_back(key);
  list_.Add(
      {kept, AttributeType::kString, texts_.emplace_back(std::move(text))});
}

void OwnedAttributes::AddAll(std::string_view object) {
  const JsonObject attributes(object);
  for (const auto& [key, value] : attributes.members()) Add(key, value);
}

const AttributeList& OwnedAttributes::Sealed() {
  list_.Seal();
  return list_;
}

void DecodeWithDialects(const FinishedSpan& span, DecodedSpan* out) {
  if (const Dialect* dialect = DecodeSpan(span, &out->facts)) {
    out->dialect = dialect->name();
  } else if (span.failed) {
    out->facts.outcome = Outcome::kFailed;
  }
}

TraceId ToTraceId(std::string_view text) {
  const auto id = TraceId::FromHex(FilledHex(text, 32));
  return id && !id->is_zero() ? *id : HashTraceId(text);
}

SpanId ToSpanId(std::string_view text) {
  const auto id = SpanId::FromHex(FilledHex(text, 16));
  return id && !id->is_zero() ? *id : HashSpanId(text);
}

std::optional<int64_t> ToInteger(std::string_view json) {
  constexpr int64_t kLargest = int64_t{1} << 62;
  if (json.starts_with('"')) json.remove_prefix(1);
  int64_t number = 0;
  const auto [stop, error] =
      std::from_chars(json.data(), json.data() + json.size(), number);
  const bool good = error == std::errc() && number >= 0 && number <= kLargest;
  return good ? std::optional(number) : std::nullopt;
}

std::unique_ptr<JsonFormat> DetectJsonFormat(std::string_view bytes) {
  if (LooksLikeOtlp(bytes)) return nullptr;
  using Maker = std::unique_ptr<JsonFormat> (*)();
  constexpr Maker kMakers[] = {&MakeAgentsExportFormat, &MakeDatadogFormat,
                               &MakeJaegerFormat, &MakeLangfuseFormat,
                               &MakeSdkDumpFormat};
  std::vector<std::unique_ptr<JsonFormat>> formats;
  for (const Maker make : kMakers) formats.push_back(make());
  Maker found = nullptr;
  int looks = 0;
  WalkJson(bytes, [&](std::string_view json) {
    const JsonObject object(json);
    JsonSpan span;
    for (size_t i = 0; i < formats.size() && found == nullptr; ++i) {
      const JsonFound is = formats[i]->Visit(object, &span);
      if (is != JsonFound::kNothing) found = kMakers[i];
    }
    const bool stop = found != nullptr || ++looks > kMaxLooks;
    return stop ? JsonNext::kStop : JsonNext::kInside;
  });
  return found == nullptr ? nullptr : found();
}

}  // namespace spanlink
