#include "spanlink/pipeline/trace_format.h"

#include <utility>

#include "spanlink/dialects/openai_agents_events.h"
#include "spanlink/otlp/otlp_file.h"

namespace spanlink {
namespace {

constexpr std::pair<TraceFormat, std::string_view> kNames[] = {
    {TraceFormat::kOtlpJson, "otlp-json"},
    {TraceFormat::kOtlpProto, "otlp-proto"},
    {TraceFormat::kOtlpProtoFrames, "otlp-proto-frames"},
    {TraceFormat::kOpenAiAgents, "openai-agents"},
};

}  // namespace

std::string_view TraceFormatName(TraceFormat format) {
  for (const auto& [known, name] : kNames) {
    if (known == format) return name;
  }
  return "";
}

std::optional<TraceFormat> ParseTraceFormat(std::string_view name) {
  for (const auto& [format, known] : kNames) {
    if (known == name) return format;
  }
  return std::nullopt;
}

TraceFormat DetectTraceFormat(std::string_view bytes) {
  switch (DetectOtlpFormat(bytes)) {
    case OtlpFormat::kProto:
      return TraceFormat::kOtlpProto;
    case OtlpFormat::kProtoFrames:
      return TraceFormat::kOtlpProtoFrames;
    case OtlpFormat::kJson:
      break;
  }
  return IsAgentsRecording(bytes) ? TraceFormat::kOpenAiAgents
                                  : TraceFormat::kOtlpJson;
}

bool IsZstd(std::string_view bytes) {
  constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";
  constexpr size_t kFrameLength = 4;
  return bytes.starts_with(kMagic) ||
         (bytes.size() > kFrameLength && bytes.front() == '\0' &&
          bytes.substr(kFrameLength).starts_with(kMagic));
}

}  // namespace spanlink
