// MlflowDialect: MLflow's tracing, `mlflow.*`. The value of every attribute is
// JSON: a string stands in quotes inside the string.
#ifndef SPANLINK_DIALECTS_MLFLOW_H_
#define SPANLINK_DIALECTS_MLFLOW_H_

#include <string_view>

#include "spanlink/dialects/dialect.h"

namespace spanlink {

class MlflowDialect final : public Dialect {
 public:
  std::string_view name() const override { return "mlflow"; }
  DialectNotes notes() const override {
    return {
        "mlflow.spanType", "mlflow.spanOutputs",
        "the span's name, mlflow.spanInputs; the id in a returned ToolMessage"};
  }
  bool Recognizes(const FinishedSpan& span) const override;
  void Decode(const FinishedSpan& span, SpanFacts* facts) const override;
  ContentKeys content_keys() const override;
};

}  // namespace spanlink

#endif  // SPANLINK_DIALECTS_MLFLOW_H_
