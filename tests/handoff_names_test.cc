#include "spanlink/linker/handoff_names.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "spanlink/linker/fingerprint.h"

namespace spanlink {
namespace {

using namespace std::string_view_literals;

std::string Python(std::string_view agent) {
  return HandoffToolName(agent, NamingProfile::kPython);
}

std::string JavaScript(std::string_view agent) {
  return HandoffToolName(agent, NamingProfile::kJavaScript);
}

// Returns whether a call with these arguments is a handoff to `agent`.
bool Matches(std::string_view tool_name,
             std::optional<std::string_view> arguments,
             std::string_view agent) {
  return IsHandoffTo(tool_name, InferHandoffTarget(tool_name, arguments),
                     agent);
}

std::string Repeat(std::string_view text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result.append(text);
  return result;
}

struct NameRow {
  std::string_view agent;
  std::string_view python;
  std::string_view javascript;
};

// What Python's `re.sub(r"[^a-zA-Z0-9_]", "_", re.sub(r"\s", "_", name))
// .lower()` and JavaScript's `name.replace(/\s/g, '_')
// .replace(/[^a-zA-Z0-9]/g, '_')` return.
constexpr NameRow kRows[] = {
    {"Billing Agent", "billing_agent", "Billing_Agent"},
    {"Refund-Pro!", "refund_pro_", "Refund_Pro_"},
    {"M\u00fcller", "m_ller", "M_ller"},
    {"Zu\u0308rich", "zu_rich", "Zu_rich"},
    {"\u5ba2\u670d", "__", "__"},
    {"\U0001F916 Bot", "__bot", "___Bot"},
    {"\U0001F468\u200d\U0001F469\u200d\U0001F467", "_____", "________"},
    {"tab\tname", "tab_name", "tab_name"},
    {"nb\u00a0space", "nb_space", "nb_space"},
    {"agent.v2", "agent_v2", "agent_v2"},
    {"A/B", "a_b", "A_B"},
    {"\u0130stanbul", "_stanbul", "_stanbul"},
    {"under_score", "under_score", "under_score"},
    {" lead and trail ", "_lead_and_trail_", "_lead_and_trail_"},
    {"a  b", "a__b", "a__b"},
    {"\u3000x\u2028y\u0085z\x1c", "_x_y_z_", "_x_y_z_"},
    {"\uff21\uff22", "__", "__"},
    {"\u1e9eK\u212a", "_k_", "_K_"},
    {"9Lives", "9lives", "9Lives"},
    {"a\0b"sv, "a_b", "a_b"},
    {"__", "__", "__"},
    {"\n", "_", "_"},
    {"", "", ""},
};

TEST(HandoffToolNameTest, FollowsPythonSdk) {
  for (const NameRow& row : kRows) {
    EXPECT_EQ(Python(row.agent), "transfer_to_" + std::string(row.python));
  }
}

TEST(HandoffToolNameTest, FollowsJavaScriptSdk) {
  for (const NameRow& row : kRows) {
    EXPECT_EQ(JavaScript(row.agent),
              "transfer_to_" + std::string(row.javascript));
  }
}

TEST(HandoffToolNameTest, InvalidBytesCountOneByOne) {
  const struct {
    std::string_view bytes;
    size_t count;
  } kCases[] = {
      {"\xff", 1},              // never in UTF-8
      {"\x80", 1},              // continues nothing
      {"\xc3", 1},              // cut off
      {"\xc0\xaf", 2},          // overlong
      {"\xe0\x80\xaf", 3},      // overlong
      {"\xf0\x80\x80\xaf", 4},  // overlong
      {"\xed\xa0\x80", 3},      // a surrogate
      {"\xf4\x90\x80\x80", 4},  // beyond U+10FFFF
      {"\xe5\xae", 2},          // cut off
      {"\xf0\x9f\xa4", 3},      // cut off
      {"\xe5\xc3\xa9", 2},      // one byte, then U+00E9
      {"\xed\x9f\xbf", 1},      // U+D7FF
      {"\xef\xbf\xbd", 1},      // U+FFFD
  };
  for (const auto& [bytes, count] : kCases) {
    const std::string agent = "a" + std::string(bytes) + "b";
    const std::string expected =
        "transfer_to_a" + std::string(count, '_') + "b";
    EXPECT_EQ(Python(agent), expected);
    EXPECT_EQ(JavaScript(agent), expected);
  }
}

TEST(HandoffToolNameTest, LenientRuleChangesSpacesAndCaseOnly) {
  EXPECT_EQ(LenientHandoffToolName("Billing Agent"),
            "transfer_to_billing_agent");
  EXPECT_EQ(LenientHandoffToolName("Refund-Pro!"), "transfer_to_refund-pro!");
  EXPECT_EQ(LenientHandoffToolName("M\u00fcller \u00c4"),
            "transfer_to_m\u00fcller_\u00c4");
  EXPECT_EQ(LenientHandoffToolName("a\tb"), "transfer_to_a\tb");
  EXPECT_EQ(LenientHandoffToolName(""), "transfer_to_");
}

TEST(InferHandoffTargetTest, ToolNameNamesTheTarget) {
  for (const std::string_view tool : {"transfer_to_x_y", "handoff_to_x_y"}) {
    const auto target = InferHandoffTarget(tool, R"({"reason":"r"})");
    ASSERT_TRUE(target.has_value()) << tool;
    EXPECT_EQ(target->agent, "x_y");
    EXPECT_FALSE(target->is_agent_name);
  }
}

TEST(InferHandoffTargetTest, ArgumentsNameTheTarget) {
  for (const std::string_view tool :
       {"transfer_to_agent", "handoff_to_agent"}) {
    const auto target = InferHandoffTarget(
        tool, R"({"message":"m","agent_name":"Billing \u0041gent"})");
    ASSERT_TRUE(target.has_value()) << tool;
    EXPECT_EQ(target->agent, "Billing Agent");
    EXPECT_TRUE(target->is_agent_name);
  }
}

TEST(InferHandoffTargetTest, OtherToolsAreNoHandoffs) {
  for (const std::string_view tool :
       {"", "search", "transfer_to_", "handoff_to_", "transfer_to",
        "Transfer_to_x", "a.transfer_to_x", "transfer", "retransfer_to_x"}) {
    EXPECT_EQ(InferHandoffTarget(tool, R"({"agent_name":"x"})"), std::nullopt)
        << tool;
  }
}

TEST(InferHandoffTargetTest, AgentNameElsewhereDoesNotCount) {
  for (const std::string_view arguments :
       {R"({"a":{"agent_name":"x"}})", R"([{"agent_name":"x"}])",
        R"({"a":[{"agent_name":"x"}]})", R"({"agent_name":["x"]})",
        R"({"agent_name":{"agent_name":"x"}})", R"({"agent_name":null})",
        R"({"agent_name":1})", R"({"agent_name":""})", R"("agent_name")",
        R"({"agent_names":"x"})", R"({"agent_name":"y","agent_name":7})",
        R"(["agent_name","x"])", R"({"agent_name":[],"b":"x"})",
        R"([{"agent_name":1},"x"])"}) {
    const auto target = InferHandoffTarget("transfer_to_agent", arguments);
    ASSERT_TRUE(target.has_value()) << arguments;
    EXPECT_EQ(target->agent, "agent") << arguments;
    EXPECT_FALSE(target->is_agent_name);
  }
}

TEST(InferHandoffTargetTest, LastAgentNameWins) {
  const auto target = InferHandoffTarget(
      "transfer_to_agent",
      R"({"agent_name":"x","o":[{"agent_name":"z"}],"agent_name":"y"})");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->agent, "y");
}

TEST(InferHandoffTargetTest, UnreadableArgumentsLeaveTheToolName) {
  for (const std::string_view arguments :
       {""sv, "{"sv, R"({"agent_name":"x")"sv, R"({"agent_name":"x",})"sv,
        R"({"agent_name":"x"} y)"sv, "{\"agent_name\":\"\xff\"}"sv,
        R"({"agent_name":"\ud83e"})"sv, "{\"agent_name\":\"x\0\"}"sv,
        R"({"agent_name":"x","n":1e999})"sv}) {
    const auto target = InferHandoffTarget("handoff_to_agent", arguments);
    ASSERT_TRUE(target.has_value()) << arguments;
    EXPECT_EQ(target->agent, "agent") << arguments;
  }
  const auto target = InferHandoffTarget("handoff_to_agent", std::nullopt);
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->agent, "agent");
}

TEST(InferHandoffTargetTest, DeepOrLongArgumentsAreNotRead) {
  const auto agent_of = [](const std::string& arguments) {
    return InferHandoffTarget("transfer_to_agent", arguments)->agent;
  };
  const auto nest = [](size_t depth) {
    return "{\"agent_name\":\"x\",\"d\":" + Repeat("[", depth) +
           Repeat("]", depth) + "}";
  };
  EXPECT_EQ(agent_of(nest(kMaxArgumentDepth - 1)), "x");
  EXPECT_EQ(agent_of(nest(kMaxArgumentDepth)), "agent");
  EXPECT_EQ(agent_of(nest(1000000)), "agent");
  EXPECT_EQ(agent_of("{\"agent_name\":" + Repeat("{\"a\":", 1000000)), "agent");
  EXPECT_EQ(
      agent_of("{\"agent_name\":\"x\",\"n\":" + Repeat("9", 1000000) + "}"),
      "agent");
  EXPECT_EQ(agent_of("{\"agent_name\":\"x\"}" + Repeat(" ", 16 << 20)),
            "agent");
}

TEST(IsHandoffToTest, EveryNamingRuleMatches) {
  EXPECT_TRUE(Matches("transfer_to_refund_pro_", "{}", "Refund-Pro!"));
  EXPECT_TRUE(Matches("transfer_to_Refund_Pro_", "{}", "Refund-Pro!"));
  EXPECT_TRUE(Matches("transfer_to_refund-pro!", "{}", "Refund-Pro!"));
  EXPECT_TRUE(Matches("handoff_to_refund_pro_", "{}", "Refund-Pro!"));
  EXPECT_TRUE(Matches("handoff_to_Refund_Pro_", "{}", "Refund-Pro!"));
  EXPECT_TRUE(Matches("transfer_to_", "", ""));
}

TEST(IsHandoffToTest, AgentNameInArgumentsMatches) {
  const auto to_billing = R"({"agent_name":"Billing Agent"})";
  EXPECT_TRUE(Matches("transfer_to_agent", to_billing, "Billing Agent"));
  EXPECT_TRUE(Matches("handoff_to_agent", to_billing, "billing_agent"));
  EXPECT_FALSE(Matches("transfer_to_agent", to_billing, "Refunds"));
  EXPECT_TRUE(Matches("transfer_to_agent", "{}", "Agent"));
}

TEST(IsHandoffToTest, OtherNamesDoNotMatch) {
  EXPECT_FALSE(Matches("transfer_to_refund", "{}", "Refund-Pro!"));
  EXPECT_FALSE(Matches("transfer_to_refund_pro__", "{}", "Refund-Pro!"));
  EXPECT_FALSE(Matches("refund_pro_", "{}", "Refund-Pro!"));
  EXPECT_FALSE(Matches("escalate", R"({"agent_name":"x"})", "x"));
  EXPECT_FALSE(Matches("", "{}", ""));
}

TEST(IsHandoffToTest, ToolNameAloneIsEnough) {
  EXPECT_TRUE(IsHandoffTo("transfer_to_x", std::nullopt, "X"));
  EXPECT_FALSE(IsHandoffTo("handoff_to_x", std::nullopt, "X"));
}

}  // namespace
}  // namespace spanlink
