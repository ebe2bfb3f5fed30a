#include "spanlink/tests/otlp_proto_testing.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace spanlink {
namespace {

using google::protobuf::UnknownFieldSet;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// What encloses spans, from the outside: `resource_spans`, `scope_spans`,
// `spans`.
constexpr int kEnclosing[] = {1, 2, 2};

}  // namespace

std::string ProtoMaker::Text(size_t max_size) {
  static constexpr std::string_view kPieces[] = {
      "a",  "B",  "7",    " ",        "\"",
      "\\", "\n", "\x01", "\xC3\xA9", "\xF0\x9F\xA6\x8A"};
  std::string text;
  while (Below(max_size + 1) > text.size()) {
    text += kPieces[Below(std::size(kPieces))];
  }
  return text;
}

oracle::AnyValue ProtoMaker::Value(int depth) {
  oracle::AnyValue value;
  switch (Below(depth > 0 ? 8 : 6)) {
    case 0:
      value.set_string_value(Text(200));
      break;
    case 1:
      value.set_bool_value(Chance(50));
      break;
    case 2:
      value.set_int_value(static_cast<int64_t>(random_() >> Below(64)));
      break;
    case 3:
      value.set_double_value(static_cast<double>(random_()) / 1e9);
      break;
    case 4:
      value.set_bytes_value(Text(9));
      break;
    case 5:
      break;
    case 6:
      value.mutable_array_value();
      for (size_t i = Below(4); i > 0; --i) {
        *value.mutable_array_value()->add_values() = Value(depth - 1);
      }
      break;
    default:
      value.mutable_kvlist_value();
      for (size_t i = Below(4); i > 0; --i) {
        *value.mutable_kvlist_value()->add_values() = Pair(depth - 1);
      }
  }
  return value;
}

oracle::KeyValue ProtoMaker::Pair(int depth) {
  oracle::KeyValue pair;
  pair.set_key(Text(12));
  if (Chance(90)) *pair.mutable_value() = Value(depth);
  return pair;
}

template <typename Message>
void ProtoMaker::AddUnknown(Message* message) {
  if (Chance(60)) return;
  UnknownFieldSet* unknown =
      message->GetReflection()->MutableUnknownFields(message);
  const auto number = [this] { return static_cast<int>(100 + Below(5000)); };
  unknown->AddVarint(number(), random_());
  unknown->AddFixed32(number(), static_cast<uint32_t>(random_()));
  unknown->AddFixed64(number(), random_());
  *unknown->AddLengthDelimited(number()) = Text(300);
  UnknownFieldSet* group = unknown->AddGroup(number());
  group->AddVarint(13, 5);
  group->AddGroup(2)->AddLengthDelimited(13, "x");
}

oracle::Span ProtoMaker::Span() {
  oracle::Span span;
  const auto id = [this](size_t size) {
    std::string bytes(size, '\x11');
    bytes.back() = static_cast<char>(1 + Below(200));
    return bytes;
  };
  span.set_trace_id(id(16));
  span.set_span_id(id(8));
  if (Chance(70)) span.set_parent_span_id(id(8));
  if (Chance(90)) span.set_name(Text(40));
  if (Chance(90)) span.set_start_time_unix_nano(random_() >> 1);
  if (Chance(90)) span.set_end_time_unix_nano(random_() >> 1);
  for (size_t i = Below(6); i > 0; --i) *span.add_attributes() = Pair(3);
  for (size_t i = Below(3); i > 0; --i) {
    oracle::Event* event = span.add_events();
    event->set_name(Text(20));
    for (size_t j = Below(3); j > 0; --j) *event->add_attributes() = Pair(2);
  }
  for (size_t i = Below(3); i > 0; --i) {
    oracle::Link* link = span.add_links();
    link->set_trace_id(id(16));
    link->set_span_id(id(8));
    *link->add_attributes() = Pair(1);
    AddUnknown(link);
  }
  if (Chance(30)) span.set_dropped_links_count(Below(400));
  if (Chance(50)) span.mutable_status()->set_code(static_cast<int>(Below(3)));
  if (Chance(20)) span.mutable_status()->set_message(Text(30));
  if (Chance(50)) span.set_flags(257);
  AddUnknown(&span);
  return span;
}

oracle::TracesData ProtoMaker::Traces() {
  oracle::TracesData traces;
  for (size_t i = Below(3) + 1; i > 0; --i) {
    oracle::ResourceSpans* resource = traces.add_resource_spans();
    *resource->mutable_resource()->add_attributes() = Pair(1);
    AddUnknown(resource);
    for (size_t j = Below(3); j > 0; --j) {
      oracle::ScopeSpans* scope = resource->add_scope_spans();
      if (Chance(70)) scope->mutable_scope()->set_name(Text(20));
      if (Chance(50)) scope->set_schema_url(Text(20));
      AddUnknown(scope);
      for (size_t k = Below(5); k > 0; --k) *scope->add_spans() = Span();
    }
  }
  AddUnknown(&traces);
  return traces;
}

OtlpLink ProtoMaker::Link() {
  OtlpLink link;
  link.target.trace_id.bytes.fill(0x22);
  link.target.span_id.bytes.fill(static_cast<uint8_t>(1 + Below(4)));
  const std::string kind(1, static_cast<char>('a' + Below(3)));
  link.attributes = {{"kind", kind}};
  if (Chance(30)) link.attributes.push_back({"attempt", "2", true});
  if (Chance(10)) link.attributes.push_back({"text", Text(300)});
  link.identity = {{"kind", kind}};
  return link;
}

std::string ProtoMaker::Encode(const oracle::TracesData& traces) {
  return EncodeLevel(traces.SerializeAsString(), 0);
}

std::string ProtoMaker::EncodeLevel(std::string_view message, size_t level) {
  std::vector<ProtoRecord> records = RecordsOf(message);
  std::vector<std::pair<int, size_t>> order;  // numbers in their new order
  for (size_t i = 0; i < records.size(); ++i) {
    const size_t at = Chance(50) ? Below(order.size() + 1) : order.size();
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(at),
                 {records[i].number, 0});
  }
  std::string encoded;
  for (const auto& [number, unused] : order) {
    const auto next =
        std::find_if(records.begin(), records.end(),
                     [n = number](const ProtoRecord& record) {
                       return record.number == n && !record.bytes.empty();
                     });
    const bool enclosing =
        level < std::size(kEnclosing) && number == kEnclosing[level];
    encoded += enclosing ? Record(static_cast<uint32_t>(number),
                                  EncodeLevel(next->content, level + 1))
                         : next->bytes;
    next->bytes.clear();
  }
  return encoded;
}

std::string ProtoMaker::Record(uint32_t number, std::string_view message) {
  const uint32_t tag = number << 3 | 2;
  const std::string length = ShortVarint(message.size());
  return (Chance(20) ? LongVarint(tag, 2 + Below(3)) : ShortVarint(tag)) +
         (Chance(20) ? LongVarint(message.size(), 5) : length) +
         std::string(message);
}

std::vector<ProtoRecord> RecordsOf(std::string_view message) {
  std::vector<ProtoRecord> records;
  CodedInputStream stream(reinterpret_cast<const uint8_t*>(message.data()),
                          static_cast<int>(message.size()));
  int begin = 0;
  while (const uint32_t tag = stream.ReadTag()) {
    ProtoRecord record;
    record.number = WireFormatLite::GetTagFieldNumber(tag);
    if (WireFormatLite::GetTagWireType(tag) ==
        WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      WireFormatLite::ReadBytes(&stream, &record.content);
    } else {
      WireFormatLite::SkipField(&stream, tag);
    }
    const int end = stream.CurrentPosition();
    record.bytes = message.substr(begin, end - begin);
    records.push_back(std::move(record));
    begin = end;
  }
  return records;
}

std::string LongVarint(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 1; i < bytes; ++i, value >>= 7) {
    out.push_back(static_cast<char>((value & 0x7F) | 0x80));
  }
  out.push_back(static_cast<char>(value));
  return out;
}

std::string ShortVarint(uint64_t value) {
  size_t bytes = 1;
  while (value >> (7 * bytes) != 0) ++bytes;
  return LongVarint(value, bytes);
}

}  // namespace spanlink
