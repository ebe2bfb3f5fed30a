// Filtering: what goes is gone, and the file is otherwise what it was.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/tests/otlp_proto_testing.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink {
namespace {

using nlohmann::json;

// About one key in three goes.
bool Stays(std::string_view key) {
  size_t sum = 0;
  for (const char c : key) sum += static_cast<uint8_t>(c);
  return sum % 3 != 0;
}

const OtlpFilter kByKey = {
    [](OtlpPlace, std::string_view key, OtlpValueType) { return Stays(key); }};

OtlpSpans Read(std::string_view bytes, OtlpFormat format) {
  auto spans = ReadOtlp({"f", bytes, format});
  EXPECT_TRUE(spans.ok()) << spans.status();
  return spans.ok() ? *std::move(spans) : OtlpSpans{};
}

// Filters all spans and log records.
std::string Filtered(std::string_view bytes, const OtlpFilter& filter,
                     OtlpFormat format = OtlpFormat::kJson) {
  const OtlpSpans spans = Read(bytes, format);
  std::vector<OtlpSpanChange> changes;
  std::vector<OtlpLogChange> logs;
  for (const OtlpSpan& span : spans.spans) {
    OtlpSpanChange change;
    change.span = &span;
    change.filter = &filter;
    changes.push_back(change);
  }
  for (const OtlpLog& log : spans.logs) logs.push_back({&log, &filter});
  return WriteOtlp(bytes, spans, changes, logs);
}

std::string FilteredProto(std::string_view bytes) {
  return Filtered(bytes, kByKey, OtlpFormat::kProto);
}

template <typename Attributes>
void Prune(Attributes* attributes) {
  for (int i = attributes->size() - 1; i >= 0; --i) {
    if (!Stays(attributes->Get(i).key())) attributes->DeleteSubrange(i, 1);
  }
}

oracle::TracesData Pruned(oracle::TracesData traces) {
  for (auto& resource : *traces.mutable_resource_spans()) {
    for (auto& scope : *resource.mutable_scope_spans()) {
      for (auto& span : *scope.mutable_spans()) {
        Prune(span.mutable_attributes());
        for (auto& event : *span.mutable_events()) {
          Prune(event.mutable_attributes());
        }
        if (span.has_status()) span.mutable_status()->clear_message();
      }
    }
  }
  return traces;
}

TEST(OtlpFilterTest, ProtobufLosesWhatGoesAndNothingElse) {
  size_t cut = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    ProtoMaker maker(seed);
    const oracle::TracesData traces = maker.Traces();
    const std::string bytes = maker.Encode(traces);
    const std::string filtered = FilteredProto(bytes);
    oracle::TracesData before, after;
    ASSERT_TRUE(before.ParseFromString(bytes));
    ASSERT_TRUE(after.ParseFromString(filtered));
    ASSERT_EQ(after.SerializeAsString(), Pruned(before).SerializeAsString());
    ASSERT_EQ(FilteredProto(filtered), filtered);
    cut += bytes.size() - filtered.size();
  }
  EXPECT_GT(cut, 10000u);
}

std::string SpanJson(const std::string& attributes) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":)"
         R"("5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
         R"("attributes":)" +
         attributes + "}]}]}]}";
}

json AttributesIn(const std::string& file) {
  return json::parse(
      file)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"];
}

// All ways to take some of four elements out of an array.
TEST(OtlpFilterTest, CommasStayRight) {
  for (const std::string space : {"", " ", "\n  "}) {
    for (int kept = 0; kept < 16; ++kept) {
      std::string list = "[" + space;
      json expected = json::array();
      for (int i = 0; i < 4; ++i) {
        const std::string element =
            std::string(R"({"key":")") + ((kept >> i & 1) != 0 ? "k" : "go") +
            R"(","value":{"intValue":)" + std::to_string(i) + "}}";
        list += (i == 0 ? "" : "," + space) + element + space;
        if ((kept >> i & 1) != 0) expected.push_back(json::parse(element));
      }
      const OtlpFilter filter = {[](OtlpPlace, std::string_view key,
                                    OtlpValueType) { return key == "k"; }};
      const std::string filtered = Filtered(SpanJson(list + "]"), filter);
      EXPECT_EQ(AttributesIn(filtered), expected) << filtered;
      EXPECT_EQ(Filtered(filtered, filter), filtered);
    }
  }
}

TEST(OtlpFilterTest, TypesAreToldExactly) {
  std::string seen;
  const OtlpFilter filter = {
      [&seen](OtlpPlace, std::string_view key, OtlpValueType type) {
        seen += std::string(key) + std::to_string(static_cast<int>(type)) + " ";
        return true;
      }};
  Filtered(SpanJson(R"([{"key":"s","value":{"stringValue":"x"}},)"
                    R"({"key":"b","value":{"boolValue":true}},)"
                    R"({"key":"B","value":{"boolValue":"x"}},)"
                    R"({"key":"i","value":{"intValue":"-7"}},)"
                    R"({"key":"I","value":{"intValue":"x"}},)"
                    R"({"value":{"doubleValue":1e3},"key":"d"},)"
                    R"({"key":"n","value":{"doubleValue":"NaN"}},)"
                    R"({"key":"D","value":{"doubleValue":"x"}},)"
                    R"({"key":"a","value":{"arrayValue":{}}},)"
                    R"({"key":"y","value":{"bytesValue":""}},)"
                    R"({"key":"z","value":{}},{"key":"Z","value":null}])"),
           filter);
  const auto code = [](OtlpValueType type) {
    return std::to_string(static_cast<int>(type)) + " ";
  };
  const std::string null = code(OtlpValueType::kNull);
  EXPECT_EQ(seen, "s" + code(OtlpValueType::kString) + "b" +
                      code(OtlpValueType::kBool) + "B" + null + "i" +
                      code(OtlpValueType::kInt) + "I" + null + "d" +
                      code(OtlpValueType::kDouble) + "n" +
                      code(OtlpValueType::kDouble) + "D" + null + "a" +
                      code(OtlpValueType::kJson) + "y" + null + "z" + null +
                      "Z" + null);
}

oracle::Span* AddSpan(oracle::TracesData* traces) {
  oracle::Span* span =
      traces->add_resource_spans()->add_scope_spans()->add_spans();
  span->set_trace_id("0123456789abcdef");
  span->set_span_id("span0001");
  return span;
}

TEST(OtlpFilterTest, ProtobufFieldsOfItsOwnAreNotTrusted) {
  oracle::TracesData traces;
  oracle::Span* span = AddSpan(&traces);
  const auto add = [span](const std::string& key) {
    oracle::KeyValue* pair = span->add_attributes();
    pair->set_key(key);
    pair->mutable_value()->set_int_value(7);
    return pair;
  };
  add("number");
  oracle::KeyValue* pair = add("more_in_the_attribute");
  pair->GetReflection()->MutableUnknownFields(pair)->AddLengthDelimited(9, "x");
  oracle::AnyValue* value = add("more_in_the_value")->mutable_value();
  value->GetReflection()->MutableUnknownFields(value)->AddLengthDelimited(9,
                                                                          "x");
  const OtlpFilter numbers = {
      [](OtlpPlace, std::string_view, OtlpValueType type) {
        return type == OtlpValueType::kInt;
      }};
  oracle::TracesData after;
  ASSERT_TRUE(after.ParseFromString(
      Filtered(traces.SerializeAsString(), numbers, OtlpFormat::kProto)));
  const auto& left = after.resource_spans(0).scope_spans(0).spans(0);
  ASSERT_EQ(left.attributes_size(), 1);
  EXPECT_EQ(left.attributes(0).key(), "number");
}

TEST(OtlpFilterTest, ProtobufEventThatBreaksOffGoes) {
  oracle::TracesData traces;
  oracle::Span* span = AddSpan(&traces);
  span->add_events()->set_name("secret");
  std::string bytes = traces.SerializeAsString();
  const size_t name = bytes.find("\x12\x06secret");
  ASSERT_NE(name, bytes.npos);
  bytes[name + 1] = 7;  // longer than the event
  const std::string filtered = FilteredProto(bytes);
  EXPECT_EQ(filtered.find("secret"), filtered.npos);
  EXPECT_EQ(Read(filtered, OtlpFormat::kProto).spans.size(), 1u);
}

TEST(ByteEditsTest, WhatIsInsertedStandsBeforeWhatIsReplaced) {
  EXPECT_EQ(ApplyByteEdits("abc", {{1, 1, ""}, {1, 0, "x"}, {1, 0, "y"}}),
            "axyc");
}

}  // namespace
}  // namespace spanlink
