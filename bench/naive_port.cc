#include "spanlink/bench/naive_port.h"

#include <nlohmann/json.hpp>

namespace spanlink::bench {
namespace {

// As Python's `json` keeps the order of members, so does this.
std::string Format(const std::string& arguments) {
  const auto value =
      nlohmann::ordered_json::parse(arguments, nullptr, /*exceptions=*/false);
  if (value.is_discarded()) return arguments;
  using Handler = nlohmann::ordered_json::error_handler_t;
  return value.dump(-1, ' ', /*ensure_ascii=*/true, Handler::replace);
}

void AddLink(const NaiveContext& producer, NaiveSpan* span) {
  span->links.push_back({producer, "output", "input"});
}

}  // namespace

void NaiveLinkTracker::OnLlmToolChoice(const Choice& choice) {
  Choice formatted = choice;
  formatted.arguments = Format(choice.arguments);
  const std::pair key(choice.tool_name, formatted.arguments);
  if (ids_.contains(key)) return;
  calls_[choice.tool_id] = {std::move(formatted), std::nullopt};
  ids_[key] = choice.tool_id;
}

void NaiveLinkTracker::OnToolCall(const std::string& tool_name,
                                  const std::string& arguments,
                                  NaiveSpan* tool) {
  const auto found = ids_.find(std::pair(tool_name, Format(arguments)));
  if (found == ids_.end()) return;
  const auto call = calls_.find(found->second);
  if (call == calls_.end()) return;
  AddLink(call->second.choice.llm, tool);
  call->second.tool = tool->context;
  ids_.erase(found);
}

void NaiveLinkTracker::OnToolCallOutputUsed(const std::string& tool_id,
                                            NaiveSpan* llm) {
  const auto found = calls_.find(tool_id);
  if (found == calls_.end()) return;
  const std::optional<NaiveContext> tool = found->second.tool;
  calls_.erase(found);
  if (tool) AddLink(*tool, llm);
}

}  // namespace spanlink::bench
