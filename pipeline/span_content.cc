#include "spanlink/pipeline/span_content.h"

#include <string_view>
#include <vector>

namespace spanlink {
namespace {

// Nothing but blank lines between two texts.
void Append(std::string_view text, std::optional<std::string>* all) {
  if (text.empty()) return;
  if (!*all) *all = "";
  if (!(*all)->empty()) **all += "\n\n";
  **all += text;
}

std::optional<std::string> Joined(const std::vector<std::string>& texts) {
  std::optional<std::string> all;
  for (const std::string& text : texts) Append(text, &all);
  return all;
}

}  // namespace

SpanContent ContentOf(const SpanFacts& facts, bool with_calls) {
  SpanContent content;
  content.input = facts.arguments ? facts.arguments : Joined(facts.input_texts);
  content.output = facts.result ? facts.result : Joined(facts.output_texts);
  if (!with_calls) return content;
  for (const ChoiceFact& choice : facts.choices) {
    Append(choice.name + "(" + choice.arguments.value_or("...") + ")",
           &content.output);
  }
  return content;
}

}  // namespace spanlink
