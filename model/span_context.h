// Identity of a span: which trace it belongs to and which span of it it is.
//
// The sizes are those of W3C Trace Context and OTLP: 16 bytes for a trace, 8
// for a span. Sources whose ids are wider or are free text (the OpenAI Agents
// SDK: `span_` + 24 hex digits) are mapped by `HashTraceId` and `HashSpanId`;
// their readers keep the text to print it back.
//
// Lifetime: plain values.
// Thread safety: Thread-compatible.
#ifndef SPANLINK_MODEL_SPAN_CONTEXT_H_
#define SPANLINK_MODEL_SPAN_CONTEXT_H_

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace spanlink {

// Nanoseconds since the Unix epoch, as OTLP counts them.
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

// 16 bytes, unique in the world. All-zero means "no trace" (W3C).
struct TraceId {
  std::array<uint8_t, 16> bytes{};

  // Returns nullopt unless `text` is exactly 32 hex digits of any case.
  static std::optional<TraceId> FromHex(std::string_view text);
  // Returns 32 lower-case hex digits.
  std::string ToHex() const;
  bool is_zero() const { return *this == TraceId{}; }

  // In whole words, each loaded on its own: ids are compared and hashed for
  // every signal.
  std::pair<uint64_t, uint64_t> words() const {
    std::pair<uint64_t, uint64_t> words;
    std::memcpy(&words.first, bytes.data(), sizeof(uint64_t));
    std::memcpy(&words.second, bytes.data() + sizeof(uint64_t),
                sizeof(uint64_t));
    return words;
  }
  friend bool operator==(const TraceId& a, const TraceId& b) {
    return a.words() == b.words();
  }
  friend auto operator<=>(const TraceId& a, const TraceId& b) {
    return a.bytes <=> b.bytes;
  }
  template <typename H>
  friend H AbslHashValue(H state, const TraceId& id) {
    return H::combine(std::move(state), id.words());
  }
};

// 8 bytes, unique inside its trace only. All-zero means "no span": as a parent
// it says that the span is a root.
struct SpanId {
  std::array<uint8_t, 8> bytes{};

  // Returns nullopt unless `text` is exactly 16 hex digits of any case.
  static std::optional<SpanId> FromHex(std::string_view text);
  // Returns 16 lower-case hex digits.
  std::string ToHex() const;
  bool is_zero() const { return word() == 0; }

  uint64_t word() const { return std::bit_cast<uint64_t>(bytes); }
  // The most significant byte first: in the order of the bytes.
  uint64_t number() const {
    uint64_t number = 0;
    for (const uint8_t byte : bytes) number = number << 8 | byte;
    return number;
  }
  friend bool operator==(const SpanId& a, const SpanId& b) {
    return a.word() == b.word();
  }
  friend auto operator<=>(const SpanId& a, const SpanId& b) {
    return a.number() <=> b.number();
  }
  template <typename H>
  friend H AbslHashValue(H state, const SpanId& id) {
    return H::combine(std::move(state), id.word());
  }
};

// A span in the world.
struct SpanContext {
  TraceId trace_id;
  SpanId span_id;

  friend auto operator<=>(const SpanContext&, const SpanContext&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const SpanContext& context) {
    return H::combine(std::move(state), context.trace_id, context.span_id);
  }
};

// Map ids of any other form to ids of our size: the same text gives the same id
// in every process and version, and never the all-zero one. Not a cryptographic
// hash: two texts made to collide do.
TraceId HashTraceId(std::string_view text);
SpanId HashSpanId(std::string_view text);

}  // namespace spanlink

#endif  // SPANLINK_MODEL_SPAN_CONTEXT_H_
