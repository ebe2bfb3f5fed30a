#include "spanlink/bench/workload.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <random>
#include <string_view>

namespace spanlink::bench {
namespace {

using Random = std::mt19937_64;

// Same on every standard library, unlike its distributions.
size_t Below(Random& random, size_t bound) { return random() % bound; }

constexpr std::array<std::string_view, 12> kWords = {
    "search", "query", "limit", "city",  "page", "user",
    "filter", "order", "price", "where", "path", "id"};
constexpr std::array<std::string_view, 4> kEscapes = {"\\n", "\\\"", "\\t",
                                                      "\\u00e9"};

std::string_view Word(Random& random) {
  return kWords[Below(random, kWords.size())];
}

std::string Value(Random& random, int depth);

// Members with keys that differ, one letter and their position.
std::string Members(Random& random, size_t count, int depth) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += '"';
    text += Word(random);
    text += std::to_string(i) + "\": " + Value(random, depth);
  }
  return text;
}

std::string Elements(Random& random, size_t count, int depth) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += Value(random, depth);
  }
  return text;
}

std::string Value(Random& random, int depth) {
  const size_t kind = Below(random, depth > 3 ? 6 : 8);
  if (kind < 2) return std::to_string(Below(random, 100000));
  if (kind == 2) return "0." + std::to_string(Below(random, 1000) + 1);
  if (kind == 3) return Below(random, 2) == 0 ? "true" : "null";
  if (kind < 6) return '"' + std::string(Word(random)) + '"';
  const size_t count = 1 + Below(random, 4);
  if (kind == 6) return '{' + Members(random, count, depth + 1) + '}';
  return '[' + Elements(random, count, depth + 1) + ']';
}

// Returns `size` bytes of the inside of a JSON string.
std::string Text(Random& random, size_t size) {
  std::string text;
  while (text.size() < size) {
    if (Below(random, 4) == 0) {
      text += kEscapes[Below(random, kEscapes.size())];
    } else {
      text += Word(random);
      text += ' ';
    }
  }
  text.resize(size);
  // The end may have cut an escape.
  const size_t escape = text.rfind('\\');
  if (escape != std::string::npos && size - escape < 6) {
    std::fill(text.begin() + static_cast<ptrdiff_t>(escape), text.end(), 'x');
  }
  return text;
}

// Members as long as they fit; the last one, a string, fills what is left.
std::string Structure(Random& random, size_t size) {
  std::string text = "{";
  for (size_t i = 0;; ++i) {
    std::string member = '"' + std::string(Word(random)) + std::to_string(i) +
                         "\": " + Value(random, 1) + ", ";
    if (text.size() + member.size() + 16 > size) break;
    text += member;
  }
  constexpr std::string_view begin = "\"rest\": \"";
  constexpr std::string_view end = "\"}";
  text += begin;
  text.append(size - text.size() - end.size(), 'r');
  text += end;
  return text;
}

class AddingListener final : public VirtualListener {
 public:
  explicit AddingListener(uint64_t* sum) : sum_(sum) {}
  void OnToolCall(const ToolCall& call) override { *sum_ += Consume(call); }

 private:
  uint64_t* const sum_;
};

}  // namespace

std::string MakeArguments(Shape shape, size_t size, uint64_t seed) {
  assert(size == 2 || size >= 16);
  if (size == 2) return "{}";
  Random random(seed);
  if (shape == Shape::kStructure) return Structure(random, size);
  constexpr std::string_view begin = "{\"text\": \"";
  constexpr std::string_view end = "\"}";
  std::string text(begin);
  text += Text(random, size - begin.size() - end.size());
  text += end;
  return text;
}

std::vector<CallText> MakeCalls(size_t count, size_t size, uint64_t seed) {
  assert(size >= 32);
  Random random(seed);
  std::vector<CallText> calls(count);
  for (size_t i = 0; i < count; ++i) {
    CallText& call = calls[i];
    call.tool_call_id = "call_" + MakeSpanId(random()).ToHex();
    call.tool_name = std::string(Word(random)) + "_tool";
    const std::string number = std::to_string(i);
    call.arguments = "{\"n\": " + number + ", \"x\": \"";
    call.arguments.append(size - call.arguments.size() - 2, 'x');
    call.arguments += "\"}";
  }
  return calls;
}

TraceId MakeTraceId(uint64_t number) {
  TraceId id;
  id.bytes[0] = 1;
  for (size_t i = 0; i < 8; ++i) {
    id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  }
  return id;
}

// An odd factor permutes the numbers, so that ids do not come in order; + 1
// keeps the first from being zero.
SpanId MakeSpanId(uint64_t number) {
  const uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u;
  SpanId id;
  for (size_t i = 0; i < 8; ++i) {
    id.bytes[7 - i] = static_cast<uint8_t>(mixed >> (8 * i));
  }
  return id;
}

std::unique_ptr<VirtualListener> MakeVirtualListener(uint64_t* sum) {
  return std::make_unique<AddingListener>(sum);
}

}  // namespace spanlink::bench
