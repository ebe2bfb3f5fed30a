// OTLP/protobuf beside Google's protobuf: random messages with fields that
// nobody knows, in odd orders and spellings.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/otlp/base64.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/tests/otlp_proto_testing.h"

namespace spanlink {
namespace {

constexpr uint64_t kSeeds = 1500;

using nlohmann::json;

OtlpSpans ReadOk(std::string_view bytes, OtlpFormat format) {
  auto spans = ReadOtlp({"f", bytes, format});
  EXPECT_TRUE(spans.ok()) << spans.status();
  return spans.ok() ? *std::move(spans) : OtlpSpans{};
}

oracle::TracesData Parsed(std::string_view bytes) {
  oracle::TracesData traces;
  EXPECT_TRUE(traces.ParseFromArray(bytes.data(), int(bytes.size())));
  return traces;
}

std::vector<oracle::Span*> SpansOf(oracle::TracesData& traces) {
  std::vector<oracle::Span*> spans;
  for (auto& resource : *traces.mutable_resource_spans()) {
    for (auto& scope : *resource.mutable_scope_spans()) {
      for (auto& span : *scope.mutable_spans()) spans.push_back(&span);
    }
  }
  return spans;
}

// The bytes of all records, in order, but for the lengths around spans; links
// and their count by span.
struct Skeleton {
  std::vector<std::string> records;
  std::vector<std::vector<std::string>> links;
};

void AddRecords(std::string_view message, size_t level, Skeleton* skeleton) {
  constexpr int kEnclosing[] = {1, 2, 2};
  constexpr int kLinks = 13, kDropped = 14;
  if (level == 3) skeleton->links.emplace_back();
  for (const ProtoRecord& record : RecordsOf(message)) {
    if (level < 3 && record.number == kEnclosing[level]) {
      skeleton->records.push_back("[");
      AddRecords(record.content, level + 1, skeleton);
      skeleton->records.push_back("]");
    } else if (level == 3 && record.number == kLinks) {
      skeleton->links.back().push_back(record.bytes);
    } else if (level < 3 || record.number != kDropped) {
      skeleton->records.push_back(record.bytes);
    }
  }
}

// The links that a span should get, reckoned from the rules.
std::vector<const OtlpLink*> Missing(const oracle::Span& span,
                                     const std::vector<OtlpLink>& links) {
  std::vector<const OtlpLink*> missing;
  for (const OtlpLink& link : links) {
    bool there = false;
    for (const oracle::Link& present : span.links()) {
      const bool target =
          present.trace_id() == std::string(16, '\x22') &&
          present.span_id() ==
              std::string(8, char(link.target.span_id.bytes[0]));
      for (const oracle::KeyValue& pair : present.attributes()) {
        there |= target && pair.key() == "kind" &&
                 pair.value().string_value() == link.attributes[0].value;
      }
    }
    const auto equal = [&link](const OtlpLink* other) {
      const auto text = [](const OtlpLink& l) {
        std::string all(l.target.span_id.ToHex());
        for (const auto& attribute : l.attributes) {
          all += "," + std::string(attribute.key) + "=" + attribute.value;
        }
        return all;
      };
      return text(*other) == text(link);
    };
    if (!there && std::none_of(missing.begin(), missing.end(), equal)) {
      missing.push_back(&link);
    }
  }
  return missing;
}

// A trace, and the links that its spans should have.
struct Case {
  std::string bytes;
  OtlpSpans spans;
  std::vector<OtlpSpanChange> additions;
};

Case MakeCase(uint64_t seed) {
  ProtoMaker maker(seed);
  Case result;
  result.bytes = maker.Encode(maker.Traces());
  result.spans = ReadOk(result.bytes, OtlpFormat::kProto);
  for (const OtlpSpan& span : result.spans.spans) {
    if (maker.Chance(30)) continue;
    OtlpSpanChange addition{&span, {}};
    for (size_t i = maker.Below(6); i > 0; --i) {
      addition.links.push_back(maker.Link());
    }
    result.additions.push_back(std::move(addition));
  }
  return result;
}

TEST(OtlpProtoOracleTest, SpansAreThoseOfProtobuf) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = MakeCase(seed);
    oracle::TracesData traces = Parsed(c.bytes);
    const auto expected = SpansOf(traces);
    ASSERT_EQ(c.spans.spans.size(), expected.size());
    ASSERT_EQ(c.spans.unreadable_spans + c.spans.unreadable_lines, 0u);
    for (size_t i = 0; i < expected.size(); ++i) {
      const OtlpSpan& span = c.spans.spans[i];
      const auto bytes = [](const auto& id) {
        return std::string(id.bytes.begin(), id.bytes.end());
      };
      EXPECT_EQ(bytes(span.context.trace_id), expected[i]->trace_id());
      EXPECT_EQ(bytes(span.context.span_id), expected[i]->span_id());
      EXPECT_EQ(bytes(*span.parent), expected[i]->parent_span_id().empty()
                                         ? std::string(8, '\0')
                                         : expected[i]->parent_span_id());
      EXPECT_EQ(span.start.value_or(Time{}).time_since_epoch().count(),
                int64_t(expected[i]->start_time_unix_nano()));
      EXPECT_EQ(span.end.value_or(Time{}).time_since_epoch().count(),
                int64_t(expected[i]->end_time_unix_nano()));
      EXPECT_EQ(span.Text(c.bytes, span.name), expected[i]->name());
      EXPECT_EQ(span.Text(c.bytes, span.status_message),
                expected[i]->status().message());
      EXPECT_EQ(int(span.status), expected[i]->status().code());
    }
  }
}

TEST(OtlpProtoOracleTest, LinksAreThereAndTheRestIsIdentical) {
  size_t written_links = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = MakeCase(seed);
    const std::string written = WriteOtlp(c.bytes, c.spans, c.additions);
    // Byte by byte, but for links and the lengths around them.
    Skeleton before, after;
    AddRecords(c.bytes, 0, &before);
    AddRecords(written, 0, &after);
    ASSERT_EQ(before.records, after.records);
    ASSERT_EQ(before.links.size(), after.links.size());
    for (size_t i = 0; i < before.links.size(); ++i) {
      ASSERT_LE(before.links[i].size(), after.links[i].size());
      after.links[i].resize(before.links[i].size());
      EXPECT_EQ(before.links[i], after.links[i]);
    }
    // As protobuf reads it.
    oracle::TracesData old_traces = Parsed(c.bytes);
    oracle::TracesData new_traces = Parsed(written);
    const auto old_spans = SpansOf(old_traces);
    const auto new_spans = SpansOf(new_traces);
    std::map<size_t, const OtlpSpanChange*> wanted;
    for (const OtlpSpanChange& addition : c.additions) {
      wanted[size_t(addition.span - c.spans.spans.data())] = &addition;
    }
    for (size_t i = 0; i < old_spans.size(); ++i) {
      const auto links = wanted.count(i) > 0
                             ? Missing(*old_spans[i], wanted[i]->links)
                             : std::vector<const OtlpLink*>();
      auto* const present = new_spans[i]->mutable_links();
      const int had = old_spans[i]->links_size();
      ASSERT_EQ(size_t(present->size()), size_t(had) + links.size());
      for (size_t j = 0; j < links.size(); ++j) {
        const oracle::Link& link = present->Get(had + int(j));
        EXPECT_EQ(link.span_id(),
                  std::string(8, char(links[j]->target.span_id.bytes[0])));
        ASSERT_EQ(size_t(link.attributes_size()), links[j]->attributes.size());
        for (int k = 0; k < link.attributes_size(); ++k) {
          const OtlpLinkAttribute& attribute = links[j]->attributes[k];
          EXPECT_EQ(link.attributes(k).key(), attribute.key);
          const oracle::AnyValue& value = link.attributes(k).value();
          EXPECT_EQ(attribute.is_integer ? std::to_string(value.int_value())
                                         : value.string_value(),
                    attribute.value);
        }
      }
      written_links += links.size();
      while (present->size() > had) present->RemoveLast();
      EXPECT_EQ(new_spans[i]->dropped_links_count(),
                old_spans[i]->dropped_links_count());
    }
    EXPECT_EQ(old_traces.SerializeAsString(), new_traces.SerializeAsString());
  }
  EXPECT_GT(written_links, kSeeds);
}

TEST(OtlpProtoOracleTest, NothingAddedAndLinkedAgainChangeNothing) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Case c = MakeCase(seed);
    EXPECT_EQ(WriteOtlp(c.bytes, c.spans, {}), c.bytes);
    const std::string written = WriteOtlp(c.bytes, c.spans, c.additions);
    const OtlpSpans again = ReadOk(written, OtlpFormat::kProto);
    ASSERT_EQ(again.spans.size(), c.spans.spans.size());
    for (OtlpSpanChange& addition : c.additions) {
      addition.span =
          &again.spans[size_t(addition.span - c.spans.spans.data())];
    }
    EXPECT_EQ(WriteOtlp(written, again, c.additions), written);
  }
}

TEST(OtlpProtoOracleTest, FramesAreWrittenAsFrames) {
  const auto framed = [](std::string_view message) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(char(message.size() >> shift & 0xFF));
    }
    return bytes.append(message);
  };
  for (uint64_t seed = 0; seed < kSeeds; seed += 2) {
    SCOPED_TRACE(seed);
    const Case one = MakeCase(seed);
    const Case two = MakeCase(seed + 1);
    const std::string bytes =
        framed(one.bytes) + framed("") + framed(two.bytes);
    const OtlpSpans spans = ReadOk(bytes, OtlpFormat::kProtoFrames);
    ASSERT_EQ(spans.spans.size(),
              one.spans.spans.size() + two.spans.spans.size());
    std::vector<OtlpSpanChange> additions;
    for (const Case* c : {&one, &two}) {
      const size_t first = c == &one ? 0 : one.spans.spans.size();
      for (const OtlpSpanChange& addition : c->additions) {
        const size_t index = size_t(addition.span - c->spans.spans.data());
        additions.push_back({&spans.spans[first + index], addition.links});
      }
    }
    EXPECT_EQ(WriteOtlp(bytes, spans, additions),
              framed(WriteOtlp(one.bytes, one.spans, one.additions)) +
                  framed("") +
                  framed(WriteOtlp(two.bytes, two.spans, two.additions)));
  }
}

// The plain JSON that a value stands for.
json ToJson(const oracle::AnyValue& value) {
  switch (value.value_case()) {
    case oracle::AnyValue::kStringValue:
      return value.string_value();
    case oracle::AnyValue::kBoolValue:
      return value.bool_value();
    case oracle::AnyValue::kIntValue:
      return value.int_value();
    case oracle::AnyValue::kDoubleValue:
      return value.double_value();
    case oracle::AnyValue::kArrayValue: {
      json array = json::array();
      for (const auto& v : value.array_value().values()) {
        array.push_back(ToJson(v));
      }
      return array;
    }
    case oracle::AnyValue::kKvlistValue: {
      json object = json::object();
      for (const auto& pair : value.kvlist_value().values()) {
        object[pair.key()] = ToJson(pair.value());
      }
      return object;
    }
    case oracle::AnyValue::kBytesValue: {
      std::string text;
      AppendBase64(value.bytes_value(), &text);
      return text;
    }
    default:
      return nullptr;
  }
}

void ExpectSame(
    const std::vector<OtlpAttribute>& attributes,
    const google::protobuf::RepeatedPtrField<oracle::KeyValue>& expected) {
  ASSERT_EQ(attributes.size(), size_t(expected.size()));
  for (int i = 0; i < expected.size(); ++i) {
    const OtlpAttribute& attribute = attributes[size_t(i)];
    EXPECT_EQ(attribute.key, expected[i].key());
    const json value = ToJson(expected[i].value());
    const std::string text(attribute.text);
    switch (attribute.type) {
      case OtlpValueType::kNull:
        EXPECT_TRUE(value.is_null());
        break;
      case OtlpValueType::kString:
      case OtlpValueType::kBytes:
        EXPECT_EQ(value, json(text));
        break;
      case OtlpValueType::kDouble:
        EXPECT_EQ(std::stod(text), value.get<double>());
        break;
      default:
        EXPECT_EQ(json::parse(text), value);
    }
  }
}

TEST(OtlpProtoOracleTest, ContentIsThatOfProtobuf) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = MakeCase(seed);
    oracle::TracesData traces = Parsed(c.bytes);
    const auto expected = SpansOf(traces);
    OtlpContentReader reader(OtlpFormat::kProto);
    for (size_t i = 0; i < expected.size(); ++i) {
      reader.Read(c.bytes, c.spans.spans[i]);
      EXPECT_EQ(reader.unreadable(), 0u);
      ExpectSame(reader.attributes(), expected[i]->attributes());
      ASSERT_EQ(reader.events().size(), size_t(expected[i]->events_size()));
      for (int j = 0; j < expected[i]->events_size(); ++j) {
        const OtlpEvent& event = reader.events()[size_t(j)];
        EXPECT_EQ(event.name, expected[i]->events(j).name());
        ExpectSame(event.attributes, expected[i]->events(j).attributes());
      }
    }
  }
}

}  // namespace
}  // namespace spanlink
