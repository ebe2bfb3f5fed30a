// TraceFormat: what a trace file is written in.
//
// Thread safety: stateless; thread-safe.
#ifndef SPANLINK_PIPELINE_TRACE_FORMAT_H_
#define SPANLINK_PIPELINE_TRACE_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace spanlink {

enum class TraceFormat : uint8_t {
  kOtlpJson,         // one object, several, or one a line
  kOtlpProto,        // one message
  kOtlpProtoFrames,  // messages, each behind its length: the Collector's files
  kOpenAiAgents,     // recorded events of the OpenAI Agents SDK
};

// Returns the name for command lines: "otlp-proto".
std::string_view TraceFormatName(TraceFormat format);
std::optional<TraceFormat> ParseTraceFormat(std::string_view name);

// Returns what the content looks like; what looks like nothing is OTLP/JSON,
// whose reader says what is wrong.
TraceFormat DetectTraceFormat(std::string_view bytes);

// Returns whether the bytes, or those of the first frame, are zstd.
bool IsZstd(std::string_view bytes);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_FORMAT_H_
