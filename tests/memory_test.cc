// What the engine keeps, seen from the allocator: no argument text at any
// moment, nothing of a scope after its end, and never more than the bounds; how
// often it asks for memory; and what a stream of records keeps.
//
// This binary replaces the global operator new with one that lists its blocks,
// which ThreadSanitizer does not allow: there the tests are skipped.
#include <string.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <span>
#include <string>

#include "absl/functional/function_ref.h"
#include "gtest/gtest.h"
#include "spanlink/pipeline/trace_linker.h"
#include "spanlink/tests/allocator_hook.h"
#include "spanlink/tests/stream_records.h"
#include "spanlink/tests/testing.h"

namespace {

// Stands before every block that operator new handed out.
struct alignas(std::max_align_t) Block {
  Block* previous;
  Block* next;
  size_t size;
};

constinit std::mutex blocks_mutex;
constinit Block* blocks = nullptr;
constinit size_t live_bytes = 0;
constinit size_t peak_bytes = 0;
constinit uint64_t allocations = 0;

[[maybe_unused]] void* Allocate(size_t size) {
  auto* block = static_cast<Block*>(std::malloc(sizeof(Block) + size));
  if (block == nullptr) std::abort();
  const std::lock_guard lock(blocks_mutex);
  *block = {nullptr, blocks, size};
  if (blocks != nullptr) blocks->previous = block;
  blocks = block;
  live_bytes += size;
  ++allocations;
  peak_bytes = std::max(peak_bytes, live_bytes);
  return block + 1;
}

[[maybe_unused]] void Free(void* memory) {
  if (memory == nullptr) return;
  Block* block = static_cast<Block*>(memory) - 1;
  {
    const std::lock_guard lock(blocks_mutex);
    (block->previous != nullptr ? block->previous->next : blocks) = block->next;
    if (block->next != nullptr) block->next->previous = block->previous;
    live_bytes -= block->size;
  }
  // The next block in this place must not seem to hold what was in this one.
  explicit_bzero(block + 1, block->size);
  std::free(block);
}

}  // namespace

#ifdef SPANLINK_ALLOCATOR_IS_TAKEN
constexpr bool kBlocksAreListed = false;
#else
constexpr bool kBlocksAreListed = true;

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete[](void* memory, size_t) noexcept { Free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}
#endif

namespace spanlink::testing {
namespace {

size_t LiveBytes() {
  const std::lock_guard lock(blocks_mutex);
  return live_bytes;
}

// Returns how many more bytes than now are live at most while `work` runs.
template <typename Work>
size_t PeakOf(const Work& work) {
  const size_t before = LiveBytes();
  {
    const std::lock_guard lock(blocks_mutex);
    peak_bytes = live_bytes;
  }
  work();
  const std::lock_guard lock(blocks_mutex);
  return peak_bytes - before;
}

#if defined(__clang__)
#define UNCHECKED __attribute__((no_sanitize("address", "thread")))
#else
#define UNCHECKED                                         \
  __attribute__((no_sanitize("address"))) __attribute__(( \
      no_sanitize("threa"                                 \
                  "d")))
#endif

// Byte by byte and unchecked: hash tables poison the slots that are free.
UNCHECKED bool Holds(const Block& block, std::string_view text) {
  const auto* bytes = reinterpret_cast<const volatile char*>(&block + 1);
  for (size_t i = 0; i + text.size() <= block.size; ++i) {
    size_t n = 0;
    while (n < text.size() && bytes[i + n] == text.data()[n]) ++n;
    if (n == text.size()) return true;
  }
  return false;
}

// How many live blocks hold `text`.
size_t BlocksWith(std::string_view text) {
  const std::lock_guard lock(blocks_mutex);
  size_t count = 0;
  for (const Block* block = blocks; block != nullptr; block = block->next) {
    if (Holds(*block, text)) ++count;
  }
  return count;
}

// A text that is on the stack only: large arguments around a mark.
class MarkedArguments {
 public:
  static constexpr std::string_view kMark = "EXAMPLE-OF-A-SECRET-41";

  explicit MarkedArguments(int number) {
    text_.fill('x');
    constexpr std::string_view kHead = R"({"text":")";
    std::copy(kHead.begin(), kHead.end(), text_.begin());
    std::copy(kMark.begin(), kMark.end(), text_.begin() + 100);
    for (size_t i = 0; i < 6; ++i, number /= 10) {
      text_[200 + i] = static_cast<char>('0' + number % 10);
    }
    text_[text_.size() - 2] = '"';
    text_[text_.size() - 1] = '}';
  }

  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 1024> text_;
};

SpanRef NumberedSpan(int number) {
  SpanRef ref;
  ref.context = {HashTraceId("t"), HashSpanId(std::to_string(number))};
  ref.parent = SpanId{};
  ref.start = Ms(number);
  ref.end = Ms(number);
  return ref;
}

void DispatchChoice(ToolCallTracker& tracker, int number,
                    std::string_view arguments) {
  const std::string id = "id" + std::to_string(number);
  tracker.OnSignal(LlmToolChoice{.llm = NumberedSpan(number),
                                 .index = 0,
                                 .tool_call_id = id,
                                 .tool_name = "f",
                                 .tool_version = "",
                                 .arguments = arguments});
}

void DispatchToolCall(ToolCallTracker& tracker, int number,
                      std::string_view arguments) {
  tracker.OnSignal(ToolCall{.tool = NumberedSpan(number),
                            .tool_call_id = "",
                            .tool_name = "g",
                            .arguments = arguments,
                            .alternative_arguments = {&arguments, 1},
                            .kind = SpanKind::kTool,
                            .outcome = Outcome::kOk});
}

class BlocksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kBlocksAreListed) GTEST_SKIP() << "the sanitizer has the allocator";
  }
};

class MemoryTest : public BlocksTest,
                   public ::testing::WithParamInterface<Mode> {};

INSTANTIATE_TEST_SUITE_P(All, MemoryTest,
                         ::testing::Values(Mode::kLive, Mode::kSettled),
                         [](const auto& info) {
                           return info.param == Mode::kLive ? "Live"
                                                            : "Settled";
                         });

TEST_P(MemoryTest, TheSearchFindsWhatIsKept) {
  const MarkedArguments arguments(1);
  EXPECT_EQ(BlocksWith(MarkedArguments::kMark), 0u);
  const std::string kept(arguments.view());
  EXPECT_EQ(BlocksWith(MarkedArguments::kMark), 1u);
}

// Open calls, waiting executions and their other readings.
TEST_P(MemoryTest, ArgumentTextIsNotKept) {
  Diagnostics diagnostics;
  ToolCallTracker tracker(TestOptions(GetParam()), &diagnostics);
  for (int i = 0; i < 100; ++i) {
    const MarkedArguments arguments(i);
    DispatchChoice(tracker, 2 * i, arguments.view());
    DispatchToolCall(tracker, 2 * i + 1, arguments.view());
  }
  EXPECT_EQ(tracker.stats().calls, 100u);
  EXPECT_EQ(tracker.stats().executions, 100u);
  EXPECT_EQ(BlocksWith(MarkedArguments::kMark), 0u);
}

// Row M1: 10^5 calls with 1 KiB of arguments each.
TEST_P(MemoryTest, CallsAreBoundedInBytes) {
  Diagnostics diagnostics;
  ToolCallTracker tracker(TestOptions(GetParam()), &diagnostics);
  const size_t before = LiveBytes();
  size_t most = 0;
  for (int i = 0; i < 100'000; ++i) {
    const MarkedArguments arguments(i);
    DispatchChoice(tracker, i, arguments.view());
    if (i % 1000 == 0) most = std::max(most, LiveBytes() - before);
  }
  // 16,384 calls and 65,536 places in the tree; the arguments would be 100 MB.
  EXPECT_LT(most, size_t{40} << 20);
  tracker.OnSignal(ScopeFinish{HashTraceId("t")});
  // A few chunks of memory stay for the next scope.
  EXPECT_LT(LiveBytes() - before, size_t{160} << 10);
}

// Scopes come and go: what they leave does not add up. The names of as many
// ended traces as there may be open ones are remembered, here few.
TEST_P(MemoryTest, ScopesLeaveNothing) {
  Options options = TestOptions(GetParam());
  options.limits.scopes = 64;
  Diagnostics diagnostics;
  ToolCallTracker tracker(options, &diagnostics);
  const auto run_scope = [&](int number) {
    const std::string trace = "trace" + std::to_string(number);
    Scenario s(Scenario::Root::kNone);
    s.InTrace(trace).Agent("A", "a").Under("A");
    s.Span("g", SpanKind::kGuardrail).C("1", "f", "{}", "L1");
    s.C("2", "f", R"({"a":1})", "L1").C("3", "transfer_to_b", "{}", "L1");
    s.T("f", "{}", "X", {.outcome = Outcome::kFailed}).T("f", "{}", "Y");
    s.H("a", "b", "H").O("1", "L2").O("9", "L2").T("h", "{}", "Z");
    for (const Signal& signal : s.Signals({.scope_finish = true})) {
      tracker.OnSignal(signal);
    }
  };
  for (int i = 0; i < 200; ++i) run_scope(i);
  const size_t before = LiveBytes();
  for (int i = 200; i < 2200; ++i) run_scope(i);
  const size_t after = LiveBytes();
  EXPECT_LT(after, before + (size_t{16} << 10));
  EXPECT_EQ(tracker.stats(), ToolCallTracker::Stats());
}

TEST_P(MemoryTest, DestructionFreesEverything) {
  const size_t before = LiveBytes();
  {
    Diagnostics diagnostics;
    ToolCallTracker tracker(TestOptions(GetParam()), &diagnostics);
    for (int i = 0; i < 100; ++i) DispatchChoice(tracker, i, "{}");
  }
  EXPECT_EQ(LiveBytes(), before);
}

class LiveMemoryTest : public BlocksTest {};

// A trace of 50 calls, each chosen, run and used; 100 links. Every second
// trace's tools know the ids of their calls.
void RunTrace(int number, absl::FunctionRef<void(const Signal&)> dispatch) {
  const TraceId trace = HashTraceId("trace" + std::to_string(number));
  const auto span = [&](int i) {
    SpanRef ref = NumberedSpan(i);
    ref.context.trace_id = trace;
    return ref;
  };
  for (int i = 0; i < 50; ++i) {
    const MarkedArguments arguments(i);
    const std::string id = "call_of_a_provider_" + std::to_string(i);
    dispatch(LlmToolChoice{.llm = span(3 * i),
                           .tool_call_id = id,
                           .tool_name = "a_tool_with_a_name",
                           .arguments = arguments.view()});
    dispatch(ToolCall{.tool = span(3 * i + 1),
                      .tool_call_id = number % 2 == 0 ? "" : id,
                      .tool_name = "a_tool_with_a_name",
                      .arguments = arguments.view()});
    dispatch(ToolCallOutputUsed{.llm = span(3 * i + 2), .tool_call_id = id});
  }
  dispatch(ScopeFinish{trace});
}

// What a trace leaves serves the next: once traces of a kind have come and
// gone, their signals need no allocator.
TEST_F(LiveMemoryTest, TracesThatComeAndGoAllocateNothing) {
  Options options = TestOptions(Mode::kLive);
  options.limits.scopes = 64;
  uint64_t links = 0;
  options.on_links = [&](std::span<const SpanLink> of) { links += of.size(); };
  Diagnostics diagnostics;
  ToolCallTracker tracker(options, &diagnostics);
  uint64_t allocated = 0;
  const auto dispatch = [&](const Signal& signal) {
    const uint64_t before = allocations;
    tracker.OnSignal(signal);
    allocated += allocations - before;
  };
  for (int i = 0; i < 400; ++i) RunTrace(i, dispatch);
  EXPECT_GT(allocated, 0u);
  allocated = 0;
  for (int i = 400; i < 500; ++i) RunTrace(i, dispatch);
  EXPECT_EQ(allocated, 0u);
  EXPECT_EQ(links, 500u * 100);
}

class StreamMemoryTest : public BlocksTest {};

// Returns `record` with another trace id, its only one.
std::string InTrace(std::string record, int trace) {
  constexpr std::string_view kKey = "\"traceId\":\"";
  const std::string id = AgentRun::TraceIdText(trace);
  for (size_t at = record.find(kKey); at != record.npos;
       at = record.find(kKey, at + kKey.size())) {
    record.replace(at + kKey.size(), id.size(), id);
  }
  return record;
}

// A trace begins every tenth of a second, of four spans in two records that
// come at once; it is settled ten seconds later. Returns the links found.
size_t StreamTraces(int traces) {
  const AgentRun run(1, 0, {.text = std::string(500, 'x')});
  const std::string first = Document({run.answer, run.tool});
  const std::string second = Document({run.reader, run.agent});
  size_t links = 0;
  Time now{};
  StreamOptions options;
  options.linger = std::chrono::seconds(10);
  options.clock = [&now] { return now; };
  options.keep_order = true;
  TraceLinker linker(options,
                     [&links](LinkedRecord record) { links += record.links; });
  for (int i = 0; i < traces; ++i) {
    now += std::chrono::milliseconds(100);
    linker.Add(0, InTrace(first, i));
    linker.Add(0, InTrace(second, i));
  }
  linker.Flush();
  return links;
}

TEST_F(StreamMemoryTest, MemoryIsThatOfOpenTracesHoweverLongTheStream) {
  constexpr size_t kTraces = 25'000;  // of four spans
  size_t links = 0;
  const size_t few = PeakOf([&] { links += StreamTraces(kTraces / 10); });
  const size_t many = PeakOf([&] { links += StreamTraces(kTraces); });
  EXPECT_EQ(links, 2 * (kTraces + kTraces / 10));
  // Ids of traces that were settled are kept, up to a number.
  EXPECT_LT(many, few + (size_t{3} << 20));
  EXPECT_LT(many, size_t{8} << 20);
}

TEST_F(StreamMemoryTest, NoTextIsKeptWhenNothingIsOpen) {
  constexpr std::string_view kMark = "EXAMPLE-OF-A-SECRET-43";
  TraceLinker linker({}, [](const LinkedRecord&) {});
  for (const bool in_logs : {false, true}) {
    const AgentRun run(
        1, 0, {.messages_in_logs = in_logs, .text = std::string(kMark)});
    linker.Add(1, Document({run.answer, run.tool, run.reader}));
    linker.Add(2, LogDocument({run.answer_log, run.reader_log}));
  }
  EXPECT_GT(BlocksWith(kMark), 4u);
  linker.Flush();
  EXPECT_EQ(BlocksWith(kMark), 0u);
}

}  // namespace
}  // namespace spanlink::testing
