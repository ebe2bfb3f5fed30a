#include "spanlink/otlp/otlp_proto_writer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_proto_fields.h"
#include "spanlink/otlp/proto_cursor.h"

namespace spanlink {
namespace {

template <typename Id>
Id IdOf(std::string_view bytes) {
  Id id;
  if (bytes.size() == id.bytes.size()) {
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  }
  return id;
}

// Returns the string that a value is, "" for anything else.
std::string ReadString(ProtoCursor value) {
  std::string text;
  while (value.Next()) {
    if (value.tag() == otlp_proto::kStringValue) text = value.bytes();
  }
  return text;
}

std::pair<std::string, std::string> ReadAttribute(ProtoCursor cursor) {
  std::pair<std::string, std::string> attribute;
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kKey) attribute.first = cursor.bytes();
    if (cursor.tag() == otlp_proto::kValue) {
      attribute.second = ReadString(cursor.Enter());
    }
  }
  return attribute;
}

PresentOtlpLink ReadLink(ProtoCursor cursor) {
  PresentOtlpLink link;
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kLinkTraceId) {
      link.target.trace_id = IdOf<TraceId>(cursor.bytes());
    } else if (cursor.tag() == otlp_proto::kLinkSpanId) {
      link.target.span_id = IdOf<SpanId>(cursor.bytes());
    } else if (cursor.tag() == otlp_proto::kLinkAttributes) {
      link.attributes.push_back(ReadAttribute(cursor.Enter()));
    }
  }
  return link;
}

std::vector<PresentOtlpLink> ReadLinks(std::string_view records) {
  std::vector<PresentOtlpLink> links;
  ProtoCursor cursor(records);
  while (cursor.Next()) {
    if (cursor.tag() == otlp_proto::kLinks) {
      links.push_back(ReadLink(cursor.Enter()));
    }
  }
  return links;
}

// `value` holds the digits of a 64-bit integer.
int64_t ToInteger(std::string_view value) {
  int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

// What a field takes whose tag is one byte, as all are that are written here.
size_t SizeOfNumber(uint64_t value) {
  return 1 + static_cast<size_t>(protozero::length_of_varint(value));
}
size_t SizeOfBytes(size_t size) { return SizeOfNumber(size) + size; }

size_t SizeOfValue(const OtlpLinkAttribute& attribute) {
  return attribute.is_integer
             ? SizeOfNumber(static_cast<uint64_t>(ToInteger(attribute.value)))
             : SizeOfBytes(attribute.value.size());
}

size_t SizeOfAttribute(const OtlpLinkAttribute& attribute) {
  return SizeOfBytes(attribute.key.size()) +
         SizeOfBytes(SizeOfValue(attribute));
}

// Writes fields into room that was made for them.
class FieldWriter {
 public:
  explicit FieldWriter(char* at) : at_(at) {}

  // A number, or the beginning of a message of that size.
  void Number(uint32_t tag, uint64_t value) {
    *at_++ = static_cast<char>(tag);
    while (value >= 0x80) {
      *at_++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at_++ = static_cast<char>(value);
  }
  void Bytes(uint32_t tag, std::string_view bytes) {
    Number(tag, bytes.size());
    at_ = std::copy(bytes.begin(), bytes.end(), at_);
  }
  template <typename Id>
  void IdBytes(uint32_t tag, const Id& id) {
    Number(tag, id.bytes.size());
    at_ = std::copy(id.bytes.begin(), id.bytes.end(), at_);
  }
  void Attribute(const OtlpLinkAttribute& attribute) {
    Number(otlp_proto::kLinkAttributes, SizeOfAttribute(attribute));
    Bytes(otlp_proto::kKey, attribute.key);
    Number(otlp_proto::kValue, SizeOfValue(attribute));
    if (attribute.is_integer) {
      Number(otlp_proto::kIntValue,
             static_cast<uint64_t>(ToInteger(attribute.value)));
    } else {
      Bytes(otlp_proto::kStringValue, attribute.value);
    }
  }

 private:
  char* at_;
};

// Appends the record of the field `links`, with its tag. Lengths stand before
// what they measure and are counted out first.
void AppendLink(const OtlpLink& link, std::string* out) {
  size_t size = SizeOfBytes(link.target.trace_id.bytes.size()) +
                SizeOfBytes(link.target.span_id.bytes.size());
  for (const OtlpLinkAttribute& attribute : link.attributes) {
    size += SizeOfBytes(SizeOfAttribute(attribute));
  }
  const size_t begin = out->size();
  out->resize(begin + SizeOfBytes(size));
  FieldWriter writer(out->data() + begin);
  writer.Number(otlp_proto::kLinks, size);
  writer.IdBytes(otlp_proto::kLinkTraceId, link.target.trace_id);
  writer.IdBytes(otlp_proto::kLinkSpanId, link.target.span_id);
  for (const OtlpLinkAttribute& attribute : link.attributes) {
    writer.Attribute(attribute);
  }
}

std::string Varint(uint64_t value) {
  std::string bytes;
  protozero::add_varint_to_buffer(&bytes, value);
  return bytes;
}

// Returns the length of an envelope, in at least `width` bytes.
std::string LengthOf(uint64_t size, size_t width) {
  std::string bytes = Varint(size);
  while (bytes.size() < width) {
    bytes.back() = static_cast<char>(bytes.back() | 0x80);
    bytes.push_back('\0');
  }
  return bytes;
}

std::string FrameLengthOf(uint64_t size) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(size >> shift & 0xFF));
  }
  return bytes;
}

uint32_t DroppedBefore(const OtlpSpan& span, std::string_view bytes) {
  uint64_t count = 0;
  const std::string_view text = span.Text(bytes, span.dropped_links_count);
  const char* begin = text.data();
  // The reader has seen that it is a varint.
  if (!text.empty())
    count = protozero::decode_varint(&begin, begin + text.size());
  return static_cast<uint32_t>(count);
}

// Appends what a span needs, inside of its message.
void AppendEdits(std::string_view bytes, const OtlpSpanLinks& addition,
                 std::vector<ByteEdit>* edits) {
  const OtlpSpan& span = *addition.span;
  OtlpLinkPlan plan = PlanOtlpLinks(ReadLinks(span.Text(bytes, span.links)),
                                    addition.links, AppendLink);
  std::string& records = plan.links;
  const uint32_t before = DroppedBefore(span, bytes);
  const auto after = static_cast<uint32_t>(std::min<uint64_t>(
      DroppedOtlpLinks(plan, before), std::numeric_limits<uint32_t>::max()));
  const OtlpRange count = span.dropped_links_count;
  if (after != before && !count.empty()) {
    edits->push_back({span.begin + count.begin, count.size, Varint(after)});
  } else if (after != before) {
    records += Varint(otlp_proto::kDroppedLinksCount) + Varint(after);
  }
  const uint32_t end = span.links.empty() ? span.members_end : span.links.end();
  if (records.empty()) return;
  edits->push_back({span.begin + end, 0, std::move(records)});
}

// The edits of one file, with what they add to the envelopes.
class Splice {
 public:
  Splice(std::string_view bytes, const OtlpSpans& spans)
      : bytes_(bytes), spans_(spans), grown_(spans.envelopes.size(), 0) {}

  void Add(const OtlpSpanLinks& addition) {
    const OtlpSpan& span = *addition.span;
    const size_t first = edits_.size();
    AppendEdits(bytes_, addition, &edits_);
    int64_t grown = 0;
    for (size_t i = first; i < edits_.size(); ++i) grown += Growth(edits_[i]);
    if (!FitsIntoFrame(span.envelope, grown)) edits_.resize(first);
    if (edits_.size() == first || grown == 0) return;
    grown_[span.envelope] +=
        grown + SetLength(span.begin, span.length_size, Sum(span.size, grown));
  }

  // Envelopes stand before what is in them.
  std::string Finish() {
    for (size_t i = grown_.size(); i > 0; --i) {
      const OtlpEnvelope& envelope = spans_.envelopes[i - 1];
      if (grown_[i - 1] == 0) continue;
      const uint64_t size = Sum(envelope.size, grown_[i - 1]);
      if (envelope.frame) {
        edits_.push_back({envelope.begin - envelope.length_size,
                          envelope.length_size, FrameLengthOf(size)});
        continue;
      }
      const int64_t more =
          SetLength(envelope.begin, envelope.length_size, size);
      if (envelope.parent != OtlpEnvelope::kNone) {
        grown_[envelope.parent] += grown_[i - 1] + more;
      }
    }
    return ApplyByteEdits(bytes_, std::move(edits_));
  }

 private:
  static constexpr uint64_t kMaxFrame = std::numeric_limits<uint32_t>::max();
  // The lengths of span, scope and resource grow to five bytes at most.
  static constexpr uint64_t kMaxLengthsGrowth = 12;

  static int64_t Growth(const ByteEdit& edit) {
    return static_cast<int64_t>(edit.text.size()) -
           static_cast<int64_t>(edit.size);
  }
  static uint64_t Sum(uint64_t size, int64_t grown) {
    return size + static_cast<uint64_t>(grown);
  }

  // Returns whether the frame around has room for so much more, and takes it.
  bool FitsIntoFrame(uint32_t at, int64_t grown) {
    while (spans_.envelopes[at].parent != OtlpEnvelope::kNone) {
      at = spans_.envelopes[at].parent;
    }
    if (!spans_.envelopes[at].frame) return true;
    const uint64_t taken =
        taken_[at] + static_cast<uint64_t>(grown) + kMaxLengthsGrowth;
    if (spans_.envelopes[at].size + taken > kMaxFrame) return false;
    taken_[at] = taken;
    return true;
  }

  // Returns how much longer the length gets.
  int64_t SetLength(size_t begin, size_t width, uint64_t size) {
    edits_.push_back({begin - width, width, LengthOf(size, width)});
    return Growth(edits_.back());
  }

  std::string_view bytes_;
  const OtlpSpans& spans_;
  std::vector<ByteEdit> edits_;
  std::vector<int64_t> grown_;                     // by envelope
  absl::flat_hash_map<uint32_t, uint64_t> taken_;  // by frame
};

}  // namespace

std::string WriteOtlpProto(std::string_view bytes, const OtlpSpans& spans,
                           NextOtlpAddition next) {
  Splice splice(bytes, spans);
  OtlpSpanLinks addition;
  while (next(&addition)) splice.Add(addition);
  return splice.Finish();
}

}  // namespace spanlink
