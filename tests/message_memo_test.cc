#include "spanlink/dialects/message_memo.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/messages.h"
#include "spanlink/dialects/span_facts.h"

namespace spanlink {
namespace {

// The ids of the results that are found in a prompt.
std::vector<std::string> Ids(std::string_view prompt, MessageMemo* memo) {
  SpanFacts facts;
  facts.memo = memo;
  ReadInputMessages(prompt, &facts);
  std::vector<std::string> ids;
  for (const UseFact& use : facts.uses) ids.push_back(use.id + use.name);
  ids.push_back(std::to_string(facts.unreadable) + "/" +
                std::to_string(facts.truncated));
  return ids;
}

std::string Result(const std::string& id) {
  return R"({"role":"tool","tool_call_id":")" + id + R"(","content":"…"})";
}

// With a memo and without one, in this order, the same is read.
void ExpectSame(const std::vector<std::string>& prompts) {
  MessageMemo memo;
  for (const std::string& prompt : prompts) {
    EXPECT_EQ(Ids(prompt, &memo), Ids(prompt, nullptr)) << prompt;
  }
}

TEST(MessageMemoTest, ResultsOfRepeatedMessagesAreRecalled) {
  MessageMemo memo;
  std::vector<UseFact> uses;
  const std::string begin = "[" + Result("a");
  Ids(begin + "]", &memo);
  EXPECT_EQ(memo.Recall(begin + "," + Result("b") + "]", &uses), begin.size());
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].id, "a");
  EXPECT_EQ(memo.Recall("[" + Result("b") + "]", &uses), 0u);
}

TEST(MessageMemoTest, GrowingPromptsReadAlike) {
  const std::string a = "[" + Result("a");
  ExpectSame({a + "]", a + "," + Result("b") + "]",
              a + "," + Result("b") + "," + Result("c") + " ]", a + "]",
              a + "," + Result("d") + "]"});
}

TEST(MessageMemoTest, BrokenPromptsReadAlike) {
  const std::string a = "[" + Result("a");
  ExpectSame({a + "]", a, a + ",", a + "x]", a + "] x", a + "," + Result("b"),
              a + ",1,2]", a + ",1,23]", "[1,2]", "[1,23]", "[]", "["});
}

// What comes next depends on what came before: nothing is recalled.
TEST(MessageMemoTest, ResultsUnderTheToolsNameReadAlike) {
  const std::string call =
      R"([{"role":"assistant","tool_calls":[{"id":"1","function":)"
      R"({"name":"f","arguments":"{}"}},{"id":"2","function":)"
      R"({"name":"f","arguments":"{}"}}]})";
  const std::string result = R"(,{"role":"f","content":"x"})";
  ExpectSame({call + "]", call + result + "]", call + result + result + "]"});
}

TEST(MessageMemoTest, RunsSideBySideReadAlike) {
  std::vector<std::string> prompts;
  for (int turn = 0; turn < 4; ++turn) {
    for (int run = 0; run < 7; ++run) {
      std::string prompt = "[" + Result("r" + std::to_string(run));
      for (int i = 0; i < turn; ++i) {
        prompt += "," + Result(std::to_string(run * 10 + i));
      }
      prompts.push_back(prompt + "]");
    }
  }
  ExpectSame(prompts);
}

}  // namespace
}  // namespace spanlink
