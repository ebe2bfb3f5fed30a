// Names of the tools that stand for handoffs.
//
// SDKs offer a handoff to the model as a tool whose name is made from the
// target agent's name; the span of the handoff carries the agent's name only.
// These functions go from one to the other.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(length of the names and of the arguments).
// Errors: none. Arguments that are not JSON, or are beyond `kMaxArgumentBytes`
// or `kMaxArgumentDepth` levels, say nothing.
#ifndef SPANLINK_LINKER_HANDOFF_NAMES_H_
#define SPANLINK_LINKER_HANDOFF_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "spanlink/linker/options.h"

namespace spanlink {

// Returns the tool name that the SDK of `profile` gives to a handoff to
// `agent`. Source: openai-agents-python `Handoff.default_tool_name`,
// openai-agents-js `toFunctionToolName`. Invalid UTF-8 counts one code point a
// byte.
std::string HandoffToolName(std::string_view agent, NamingProfile profile);

// Returns the name by the simpler rule of other frameworks: ASCII spaces become
// `_`, ASCII letters become lower case, the rest stays.
std::string LenientHandoffToolName(std::string_view agent);

// What an answer's call says about a handoff, before anything is executed.
struct HandoffTarget {
  // The agent's name as the arguments give it (`transfer_to_agent`,
  // `handoff_to_agent` with `agent_name`), or what follows `transfer_to_` /
  // `handoff_to_` in the tool's name.
  std::string agent;
  // `agent` is the agent's own name, not one made into a tool's name.
  bool is_agent_name = false;
};

// Returns nullopt if a call of this tool is not known to be a handoff.
std::optional<HandoffTarget> InferHandoffTarget(
    std::string_view tool_name, std::optional<std::string_view> arguments);

// Returns whether a call chosen as `tool_name`, of which `target` was inferred,
// is a handoff to `agent` by any of the rules above.
bool IsHandoffTo(std::string_view tool_name,
                 const std::optional<HandoffTarget>& target,
                 std::string_view agent);

}  // namespace spanlink

#endif  // SPANLINK_LINKER_HANDOFF_NAMES_H_
