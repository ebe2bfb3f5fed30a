#include "spanlink/otlp/otlp_proto_writer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <protozero/pbf_writer.hpp>
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

template <typename Id>
void AddId(uint32_t tag, const Id& id, protozero::pbf_writer* message) {
  message->add_bytes(tag >> 3, reinterpret_cast<const char*>(id.bytes.data()),
                     id.bytes.size());
}

// `value` holds the digits of a 64-bit integer.
int64_t ToInteger(const std::string& value) {
  int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

void AddAttribute(uint32_t tag, const OtlpLinkAttribute& attribute,
                  protozero::pbf_writer* message) {
  protozero::pbf_writer pair(*message, tag >> 3);
  pair.add_string(otlp_proto::kKey >> 3, attribute.key.data(),
                  attribute.key.size());
  protozero::pbf_writer value(pair, otlp_proto::kValue >> 3);
  if (attribute.is_integer) {
    value.add_int64(otlp_proto::kIntValue >> 3, ToInteger(attribute.value));
  } else {
    value.add_string(otlp_proto::kStringValue >> 3, attribute.value);
  }
}

// Returns the record of the field `links`, with its tag.
std::string LinkRecord(const OtlpLink& link) {
  std::string record;
  protozero::pbf_writer span(record);
  protozero::pbf_writer message(span, otlp_proto::kLinks >> 3);
  AddId(otlp_proto::kLinkTraceId, link.target.trace_id, &message);
  AddId(otlp_proto::kLinkSpanId, link.target.span_id, &message);
  for (const OtlpLinkAttribute& attribute : link.attributes) {
    AddAttribute(otlp_proto::kLinkAttributes, attribute, &message);
  }
  message.commit();
  return record;
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
  protozero::pbf_writer message(edit.text);
  for (const OtlpLinkAttribute& attribute : change.attributes) {
    AddAttribute(otlp_proto::kAttributes, attribute, &message);
  }
  return edit;
}

// What is added to a span, inside of its message.
std::vector<ByteEdit> AdditionsTo(std::string_view bytes,
                                  const OtlpSpanChange& addition) {
  const OtlpSpan& span = *addition.span;
  const OtlpLinkPlan plan = PlanOtlpLinks(
      ReadLinks(span.Text(bytes, span.links)), addition.links, LinkRecord);
  std::vector<ByteEdit> edits;
  std::string records;
  for (const std::string& record : plan.links) records += record;
  const uint32_t before = DroppedBefore(span, bytes);
  const auto after = static_cast<uint32_t>(std::min<uint64_t>(
      DroppedOtlpLinks(plan, before), std::numeric_limits<uint32_t>::max()));
  const OtlpRange count = span.dropped_links_count;
  if (after != before && !count.empty()) {
    edits.push_back({span.begin + count.begin, count.size, ProtoVarint(after)});
  } else if (after != before) {
    records += ProtoVarint(otlp_proto::kDroppedLinksCount) + ProtoVarint(after);
  }
  const uint32_t end = span.links.empty() ? span.members_end : span.links.end();
  if (auto attributes = NewAttributes(addition)) {
    edits.push_back(*std::move(attributes));
  }
  if (!records.empty()) edits.push_back({span.begin + end, 0, records});
  return edits;
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
    std::vector<ByteEdit> added = AdditionsTo(bytes_, change);
    if (FitsIntoFrame(span.envelope, Growth(added))) {
      std::move(added.begin(), added.end(), std::back_inserter(edits));
    }
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
                           const std::vector<OtlpSpanChange>& changes,
                           const std::vector<OtlpLogChange>& logs) {
  Splice splice(bytes, spans);
  for (const OtlpSpanChange& change : changes) splice.Add(change);
  for (const OtlpLogChange& change : logs) splice.Add(change);
  return splice.Finish();
}

}  // namespace spanlink
