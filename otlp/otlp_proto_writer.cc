#include "spanlink/otlp/otlp_proto_writer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_proto_fields.h"
#include "spanlink/otlp/otlp_proto_filter.h"
#include "spanlink/otlp/proto_cursor.h"
#include "spanlink/otlp/proto_varint.h"

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
    at_ += protozero::add_varint_to_buffer(at_, value);
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
  void Attribute(uint32_t tag, const OtlpLinkAttribute& attribute) {
    Number(tag, SizeOfAttribute(attribute));
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
    writer.Attribute(otlp_proto::kLinkAttributes, attribute);
  }
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

// New attributes go behind the span's others.
std::optional<ByteEdit> NewAttributes(const OtlpSpanChange& change) {
  if (change.attributes.empty()) return std::nullopt;
  const OtlpSpan& span = *change.span;
  ByteEdit edit;
  edit.position =
      span.begin +
      (span.attributes.empty() ? span.members_end : span.attributes.end());
  size_t size = 0;
  for (const OtlpLinkAttribute& attribute : change.attributes) {
    size += SizeOfBytes(SizeOfAttribute(attribute));
  }
  edit.text.resize(size);
  FieldWriter writer(edit.text.data());
  for (const OtlpLinkAttribute& attribute : change.attributes) {
    writer.Attribute(otlp_proto::kAttributes, attribute);
  }
  return edit;
}

// Appends what is added to a span, inside of its message.
void AppendEdits(std::string_view bytes, const OtlpSpanChange& addition,
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
    edits->push_back(
        {span.begin + count.begin, count.size, ProtoVarint(after)});
  } else if (after != before) {
    records += ProtoVarint(otlp_proto::kDroppedLinksCount) + ProtoVarint(after);
  }
  const uint32_t end = span.links.empty() ? span.members_end : span.links.end();
  if (auto attributes = NewAttributes(addition)) {
    edits->push_back(*std::move(attributes));
  }
  if (records.empty()) return;
  edits->push_back({span.begin + end, 0, std::move(records)});
}

// The edits of one file, with what they add to the envelopes.
class Splice {
 public:
  Splice(std::string_view bytes, const OtlpSpans& spans)
      : bytes_(bytes), spans_(spans), grown_(spans.envelopes.size(), 0) {}

  // What is taken away is taken away also where there is no room for more.
  void Add(const OtlpSpanChange& change) {
    const OtlpSpan& span = *change.span;
    std::vector<ByteEdit> edits;
    if (change.filter != nullptr) {
      edits = FilterOtlpProto(bytes_, span, *change.filter);
    }
    const size_t first = edits.size();
    AppendEdits(bytes_, change, &edits);
    int64_t grown = 0;
    for (size_t i = first; i < edits.size(); ++i) grown += Growth(edits[i]);
    if (!FitsIntoFrame(span.envelope, grown)) edits.resize(first);
    Grow({span.begin, span.size, span.length_size, span.envelope},
         std::move(edits));
  }

  void Add(const OtlpLogChange& change) {
    const OtlpLog& log = *change.log;
    Grow({log.begin, log.size, log.length_size, log.envelope},
         FilterOtlpProto(bytes_, log, *change.filter));
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

  // A span or a log record.
  struct Message {
    size_t begin;
    uint64_t size;
    uint8_t length_size;
    uint32_t envelope;
  };

  static int64_t Growth(const ByteEdit& edit) {
    return static_cast<int64_t>(edit.text.size()) -
           static_cast<int64_t>(edit.size);
  }
  static int64_t Growth(const std::vector<ByteEdit>& edits) {
    int64_t grown = 0;
    for (const ByteEdit& edit : edits) grown += Growth(edit);
    return grown;
  }
  void Grow(const Message& message, std::vector<ByteEdit> edits) {
    const int64_t grown = Growth(edits);
    std::move(edits.begin(), edits.end(), std::back_inserter(edits_));
    if (grown == 0) return;
    grown_[message.envelope] +=
        grown +
        SetLength(message.begin, message.length_size, Sum(message.size, grown));
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
    edits_.push_back({begin - width, width, ProtoVarint(size, width)});
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
                           NextOtlpChange next,
                           const std::vector<OtlpLogChange>& logs) {
  Splice splice(bytes, spans);
  OtlpSpanChange change;
  while (next(&change)) splice.Add(change);
  for (const OtlpLogChange& log : logs) splice.Add(log);
  return splice.Finish();
}

}  // namespace spanlink
