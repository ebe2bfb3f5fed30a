#include "spanlink/linker/handoff_names.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "spanlink/linker/fingerprint.h"

namespace spanlink {
namespace {

constexpr std::string_view kTransferPrefix = "transfer_to_";
constexpr std::string_view kHandoffPrefix = "handoff_to_";
constexpr std::string_view kTransferToAgent = "transfer_to_agent";
constexpr std::string_view kHandoffToAgent = "handoff_to_agent";
constexpr std::string_view kAgentNameKey = "agent_name";

bool IsUpper(char c) { return 'A' <= c && c <= 'Z'; }

bool IsAlphanumeric(char c) {
  return IsUpper(c) || ('a' <= c && c <= 'z') || ('0' <= c && c <= '9');
}

char Lower(char c) { return IsUpper(c) ? static_cast<char>(c + 0x20) : c; }

unsigned char ByteAt(std::string_view text, size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

// Returns how many bytes the code point at the front of `text` has: 1 for
// anything that is not well-formed UTF-8 (Unicode 15, table 3-7).
size_t CodePointBytes(std::string_view text) {
  const unsigned char lead = ByteAt(text, 0);
  const unsigned char second = ByteAt(text, 1);
  const auto continues = [&](size_t i) { return ByteAt(text, i) >> 6 == 2; };
  if (!continues(1)) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && second < 0xa0;
    const bool surrogate = lead == 0xed && second >= 0xa0;
    return !overlong && !surrogate && continues(2) ? 3 : 1;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && second < 0x90;
    const bool too_large = lead == 0xf4 && second >= 0x90;
    return !overlong && !too_large && continues(2) && continues(3) ? 4 : 1;
  }
  return 1;
}

std::optional<std::string_view> Suffix(std::string_view name,
                                       std::string_view prefix) {
  if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (name.empty()) return std::nullopt;
  return name;
}

// Receives the events of a JSON text and keeps the text under the key
// `agent_name` of the outermost object; the last one counts.
class AgentNameReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::string& agent_name() { return agent_name_; }

  bool null() override { return OnOther(); }
  bool boolean(bool) override { return OnOther(); }
  bool number_integer(number_integer_t) override { return OnOther(); }
  bool number_unsigned(number_unsigned_t) override { return OnOther(); }
  bool number_float(number_float_t, const string_t&) override {
    return OnOther();
  }
  bool string(string_t& value) override {
    if (is_wanted()) agent_name_ = std::move(value);
    return true;
  }
  bool binary(binary_t&) override { return OnOther(); }
  bool key(string_t& value) override {
    if (depth_ == 1) in_agent_name_ = value == kAgentNameKey;
    return true;
  }
  bool start_object(size_t) override { return OnOpen(); }
  bool end_object() override { return OnClose(); }
  bool start_array(size_t) override { return OnOpen(); }
  bool end_array() override { return OnClose(); }
  bool parse_error(size_t, const std::string&,
                   const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool is_wanted() const { return depth_ == 1 && in_agent_name_; }
  bool OnOther() {
    if (is_wanted()) agent_name_.clear();
    return true;
  }
  bool OnOpen() {
    OnOther();
    return ++depth_ <= kMaxArgumentDepth;
  }
  bool OnClose() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  bool in_agent_name_ = false;
  std::string agent_name_;
};

// Returns "" if the arguments name no agent.
std::string AgentNameIn(std::string_view arguments) {
  AgentNameReader reader;
  if (arguments.size() > kMaxArgumentBytes ||
      !nlohmann::json::sax_parse(arguments.begin(), arguments.end(), &reader)) {
    return "";
  }
  return std::move(reader.agent_name());
}

bool IsAnyToolNameOf(std::string_view tool_name, std::string_view agent) {
  return tool_name == HandoffToolName(agent, NamingProfile::kPython) ||
         tool_name == HandoffToolName(agent, NamingProfile::kJavaScript) ||
         tool_name == LenientHandoffToolName(agent);
}

}  // namespace

// The SDKs replace white space first and all other characters then, both by the
// same `_`: one pass does it. Python counts code points, JavaScript UTF-16
// units, of which a code point of four bytes has two. Python keeps `_` and
// JavaScript puts one in its place.
std::string HandoffToolName(std::string_view agent, NamingProfile profile) {
  const bool is_python = profile == NamingProfile::kPython;
  std::string name(kTransferPrefix);
  while (!agent.empty()) {
    const char c = agent.front();
    const size_t bytes = CodePointBytes(agent);
    if (IsAlphanumeric(c)) {
      name.push_back(is_python ? Lower(c) : c);
    } else {
      name.append(bytes == 4 && !is_python ? "__" : "_");
    }
    agent.remove_prefix(bytes);
  }
  return name;
}

std::string LenientHandoffToolName(std::string_view agent) {
  std::string name(kTransferPrefix);
  for (const char c : agent) name.push_back(c == ' ' ? '_' : Lower(c));
  return name;
}

std::optional<HandoffTarget> InferHandoffTarget(
    std::string_view tool_name, std::optional<std::string_view> arguments) {
  if (arguments &&
      (tool_name == kTransferToAgent || tool_name == kHandoffToAgent)) {
    std::string agent = AgentNameIn(*arguments);
    if (!agent.empty()) return HandoffTarget{std::move(agent), true};
  }
  std::optional<std::string_view> suffix = Suffix(tool_name, kTransferPrefix);
  if (!suffix) suffix = Suffix(tool_name, kHandoffPrefix);
  if (!suffix) return std::nullopt;
  return HandoffTarget{std::string(*suffix), false};
}

bool IsHandoffTo(std::string_view tool_name,
                 const std::optional<HandoffTarget>& target,
                 std::string_view agent) {
  if (IsAnyToolNameOf(tool_name, agent)) return true;
  if (!target) return false;
  if (target->is_agent_name) {
    return target->agent == agent ||
           IsAnyToolNameOf(LenientHandoffToolName(target->agent), agent);
  }
  return IsAnyToolNameOf(std::string(kTransferPrefix) + target->agent, agent);
}

}  // namespace spanlink
