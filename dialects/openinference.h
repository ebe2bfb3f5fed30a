// OpenInferenceDialect: Arize's conventions, `openinference.span.kind`.
//
// Messages are flattened into `llm.input_messages.I.message.*` and
// `llm.output_messages.I.message.*`. Tool spans carry their arguments in
// `input.value` and mostly no id of the call.
#ifndef SPANLINK_DIALECTS_OPENINFERENCE_H_
#define SPANLINK_DIALECTS_OPENINFERENCE_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class OpenInferenceDialect final : public Dialect {
 public:
  std::string_view name() const override { return "openinference"; }
  DialectNotes notes() const override {
    return {"openinference.span.kind",
            "llm.output_messages.I.message.tool_calls.J, else output.value",
            "tool.name, tool.id or tool_call.id, input.value; the id in a "
            "returned ToolMessage"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_OPENINFERENCE_H_
