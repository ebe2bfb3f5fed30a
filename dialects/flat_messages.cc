#include "spanlink/dialects/flat_messages.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "spanlink/dialects/arguments.h"

namespace spanlink {

std::optional<NumberedKey> SplitNumber(std::string_view text) {
  NumberedKey key{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, key.number);
  if (error != std::errc() || stop == end || *stop != '.') return std::nullopt;
  key.rest = text.substr(static_cast<size_t>(stop - text.data()) + 1);
  return key;
}

void KeepFlatText(const FlatMessage& message, std::vector<std::string>* texts,
                  const SpanFacts& facts) {
  const bool asked = facts.wants_text && message.role != "system" &&
                     message.role != "developer";
  if (asked && !message.content.empty()) texts->emplace_back(message.content);
}

void AddFlatChoice(const FlatCall& call, std::string_view omitted,
                   const FinishedSpan& span, SpanFacts* facts) {
  ChoiceFact choice;
  choice.id = CleanId(call.id);
  choice.name = call.name;
  if (choice.name.empty() && choice.id.empty()) return;
  if (call.arguments) {
    choice.arguments = CaptureArguments(*call.arguments, facts);
  } else if (!span.dropped_attributes && !choice.name.empty()) {
    choice.arguments = omitted;
  }
  facts->choices.push_back(std::move(choice));
}

}  // namespace spanlink
