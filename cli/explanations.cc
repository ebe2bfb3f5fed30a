#include "spanlink/cli/explanations.h"

#include "absl/strings/str_format.h"
#include "spanlink/viewer/printable.h"

namespace spanlink::cli {

void RenderExplanations(std::span<const Explanation> explanations,
                        const TraceView& view, const Style& style,
                        const TextSink& write) {
  if (explanations.empty()) {
    write(
        "\nNothing to explain: every tool and handoff span is linked, and "
        "every LLM span has its content.\n");
    return;
  }
  write("\n" + style.Strong("Why links are missing") + "\n");
  const SpanIndex index(view.spans);
  for (const Explanation& explanation : explanations) {
    write(absl::StrFormat("\n  %s\n", explanation.why));
    write(absl::StrFormat("  What to do: %s\n", explanation.what_to_do));
    for (const SpanSummary* span : explanation.spans) {
      write(absl::StrFormat("    %s %s\n", Printable(NameOf(*span), 60),
                            style.Faint(index.ShortId(*span))));
    }
  }
}

}  // namespace spanlink::cli
