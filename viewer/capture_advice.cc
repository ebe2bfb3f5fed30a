#include "spanlink/viewer/capture_advice.h"

#include <array>

namespace spanlink {
namespace {

struct Advice {
  std::string_view mark;  // contained in the scope's or the dialect's name
  std::string_view text;
};

constexpr std::string_view kOpenInference =
    "OpenInference records messages unless it is told to hide them: unset "
    "OPENINFERENCE_HIDE_INPUTS, OPENINFERENCE_HIDE_OUTPUTS, "
    "OPENINFERENCE_HIDE_INPUT_MESSAGES and OPENINFERENCE_HIDE_OUTPUT_MESSAGES "
    "(in code: hide_* of TraceConfig).";
constexpr std::string_view kOpenLlmetry =
    "OpenLLMetry records messages unless TRACELOOP_TRACE_CONTENT=false: unset "
    "it or set it to true.";
constexpr std::string_view kOpenTelemetry =
    "OpenTelemetry's instrumentations leave messages out by default: set "
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY (or "
    "SPAN_AND_EVENT; older versions: true) and "
    "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental. Messages that "
    "go to log events only cannot be read from a trace.";
constexpr std::string_view kAgentsSdk =
    "The OpenAI Agents SDK leaves content out with "
    "RunConfig(trace_include_sensitive_data=False) or "
    "OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA=false: set it to true. Spans "
    "of the Responses API that the SDK's own exporter sends hold no messages "
    "at all; record them with an instrumentation or a trace processor.";
constexpr std::string_view kPydantic =
    "Pydantic AI leaves content out with include_content=False: set "
    "InstrumentationSettings(include_content=True).";
constexpr std::string_view kVercel =
    "The AI SDK leaves content out with recordInputs or recordOutputs: false: "
    "set both to true in experimental_telemetry.";
constexpr std::string_view kAdk =
    "Google ADK leaves content out with "
    "ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS=false: set it to true.";
constexpr std::string_view kMicrosoft =
    "Microsoft's clients leave content out by default: set EnableSensitiveData "
    "= true (.NET) or enable_sensitive_data=True (Python).";
constexpr std::string_view kUnknown =
    "Turn content capture on. OpenTelemetry: "
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY; "
    "OpenLLMetry: "
    "TRACELOOP_TRACE_CONTENT=true; OpenInference: unset OPENINFERENCE_HIDE_*; "
    "OpenAI Agents SDK: trace_include_sensitive_data=True.";

// Scopes tell more than dialects: several programs write one dialect. Two
// packages share the scope prefix `opentelemetry.instrumentation`; the dialect
// tells them apart, so it is in no row here.
constexpr std::array<Advice, 7> kByScope = {{
    {"openinference", kOpenInference},
    {"traceloop", kOpenLlmetry},
    {"pydantic-ai", kPydantic},
    {"gcp.vertex.agent", kAdk},
    {"agent_framework", kMicrosoft},
    {"Microsoft.", kMicrosoft},
    {"openai.agents", kAgentsSdk},
}};

constexpr std::array<Advice, 8> kByDialect = {{
    {"pydantic_ai", kPydantic},
    {"vercel_ai", kVercel},
    {"google_adk", kAdk},
    {"openinference", kOpenInference},
    {"openllmetry", kOpenLlmetry},
    {"openai_agents", kAgentsSdk},
    {"genai", kOpenTelemetry},
    {"gen_ai", kOpenTelemetry},
}};

}  // namespace

std::string_view CaptureAdvice(std::string_view dialect,
                               std::string_view scope) {
  if (scope == "ai") return kVercel;
  for (const Advice& advice : kByScope) {
    if (scope.find(advice.mark) != std::string_view::npos) return advice.text;
  }
  for (const Advice& advice : kByDialect) {
    if (dialect.find(advice.mark) != std::string_view::npos) return advice.text;
  }
  return kUnknown;
}

}  // namespace spanlink
