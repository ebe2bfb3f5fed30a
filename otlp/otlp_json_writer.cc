#include "spanlink/otlp/otlp_json_writer.h"

#include <cstdint>
#include <utility>

#include "spanlink/json/json_cursor.h"
#include "spanlink/json/json_escapes.h"
#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_ids.h"
#include "spanlink/otlp/otlp_json_filter.h"
#include "spanlink/otlp/otlp_numbers.h"

namespace spanlink {
namespace {

std::pair<std::string, std::string> ReadAttribute(JsonCursor* cursor) {
  std::pair<std::string, std::string> attribute;
  std::string_view key;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return attribute;
  }
  while (cursor->NextMember(&key)) {
    if (key == "key") {
      attribute.first = cursor->ReadStringOrSkip();
    } else if (key == "value") {
      const auto value = cursor->ReadRaw();
      const auto text = JsonMember(value.value_or(""), "stringValue");
      attribute.second = JsonString(text.value_or("")).value_or("");
    } else {
      cursor->Skip();
    }
  }
  return attribute;
}

std::vector<std::pair<std::string, std::string>> ReadAttributes(
    JsonCursor* cursor) {
  std::vector<std::pair<std::string, std::string>> attributes;
  cursor->EnterArray();
  while (cursor->NextElement()) attributes.push_back(ReadAttribute(cursor));
  return attributes;
}

PresentOtlpLink ReadLink(JsonCursor* cursor) {
  PresentOtlpLink link;
  std::string_view key;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return link;
  }
  while (cursor->NextMember(&key)) {
    if (key == "traceId") {
      link.target.trace_id =
          ParseOtlpTraceId(cursor->ReadStringOrSkip()).value_or(TraceId{});
    } else if (key == "spanId") {
      link.target.span_id =
          ParseOtlpSpanId(cursor->ReadStringOrSkip()).value_or(SpanId{});
    } else if (key == "attributes" && cursor->Peek() == JsonType::kArray) {
      link.attributes = ReadAttributes(cursor);
    } else {
      cursor->Skip();
    }
  }
  return link;
}

std::vector<PresentOtlpLink> ReadLinks(std::string_view json) {
  std::vector<PresentOtlpLink> links;
  JsonCursor cursor(json);
  if (!cursor.EnterArray()) return links;
  while (cursor.NextElement()) links.push_back(ReadLink(&cursor));
  return links;
}

// With commas between them.
template <typename Attributes>
void AppendAttributes(const Attributes& attributes, std::string* out) {
  std::string_view separator;
  for (const OtlpLinkAttribute& attribute : attributes) {
    out->append(separator).append("{\"key\":");
    AppendJsonString(attribute.key, out);
    out->append(attribute.is_integer ? ",\"value\":{\"intValue\":"
                                     : ",\"value\":{\"stringValue\":");
    AppendJsonString(attribute.value, out);
    out->append("}}");
    separator = ",";
  }
}

// Ids are written as the span has its own: who reads them expects one form.
void AppendLink(const OtlpLink& link, OtlpIdForm form, std::string* out) {
  if (!out->empty()) out->push_back(',');
  out->append("{\"traceId\":\"")
      .append(OtlpIdText(link.target.trace_id, form))
      .append("\",\"spanId\":\"")
      .append(OtlpIdText(link.target.span_id, form))
      .append("\"");
  if (!link.attributes.empty()) {
    out->append(",\"attributes\":[");
    AppendAttributes(link.attributes, out);
    out->push_back(']');
  }
  out->push_back('}');
}

// A member whose value is an array in the file; empty if the span has none.
struct ArrayMember {
  std::string_view name, array;
};

// Appends elements to an array, which is in `bytes`. Returns the member instead
// where the span has none.
std::string AddElements(std::string_view bytes, const ArrayMember& member,
                        const std::string& elements,
                        std::vector<ByteEdit>* edits) {
  const std::string_view array = member.array;
  if (elements.empty()) return "";
  if (array.empty()) {
    return ",\"" + std::string(member.name) + "\":[" + elements + "]";
  }
  const auto position = static_cast<size_t>(array.data() - bytes.data());
  if (array == "null") {
    edits->push_back({position, array.size(), "[" + elements + "]"});
    return "";
  }
  // Right behind the last one, so that white space before the bracket stays
  // where it is.
  const size_t last = array.find_last_not_of(" \t\r\n", array.size() - 2);
  edits->push_back(
      {position + last + 1, 0, last == 0 ? elements : "," + elements});
  return "";
}

// The array `attributes` of a span; the reader passes over null.
std::string_view AttributesOf(std::string_view bytes, const OtlpSpan& span) {
  if (!span.attributes.empty()) return span.Text(bytes, span.attributes);
  return JsonMember(bytes.substr(span.begin, span.size), "attributes")
      .value_or("");
}

// Returns the members that the span is to have beside its own.
std::string PlanLinks(std::string_view bytes, const OtlpSpanChange& change,
                      std::vector<ByteEdit>* edits) {
  const OtlpSpan& span = *change.span;
  const OtlpLinkPlan plan =
      PlanOtlpLinks(ReadLinks(span.Text(bytes, span.links)), change.links,
                    [&span](const OtlpLink& link, std::string* out) {
                      AppendLink(link, span.id_form, out);
                    });
  std::string new_members = AddElements(
      bytes, {"links", span.Text(bytes, span.links)}, plan.links, edits);
  const std::string_view count = span.Text(bytes, span.dropped_links_count);
  const uint64_t before = ParseOtlpUint(count).value_or(0);
  const uint64_t after = DroppedOtlpLinks(plan, before);
  if (after != before && !count.empty()) {
    edits->push_back({span.begin + span.dropped_links_count.begin, count.size(),
                      std::to_string(after)});
  } else if (after != before) {
    new_members += ",\"droppedLinksCount\":" + std::to_string(after);
  }
  return new_members;
}

void PlanEdits(std::string_view bytes, const OtlpSpanChange& change,
               std::vector<ByteEdit>* edits) {
  const OtlpSpan& span = *change.span;
  if (change.filter != nullptr) {
    FilterOtlpJson(bytes, span, *change.filter, edits);
  }
  std::string new_members;
  if (!change.attributes.empty()) {
    std::string attributes;
    AppendAttributes(change.attributes, &attributes);
    new_members = AddElements(bytes, {"attributes", AttributesOf(bytes, span)},
                              attributes, edits);
  }
  if (!span.links_unreadable) new_members += PlanLinks(bytes, change, edits);
  if (new_members.empty()) return;
  edits->push_back({span.begin + span.members_end, 0, std::move(new_members)});
}

}  // namespace

std::string WriteOtlpJson(std::string_view bytes, NextOtlpChange next,
                          const std::vector<OtlpLogChange>& logs) {
  std::vector<ByteEdit> edits;
  OtlpSpanChange change;
  while (next(&change)) PlanEdits(bytes, change, &edits);
  for (const OtlpLogChange& log : logs) {
    FilterOtlpJson(bytes, *log.log, *log.filter, &edits);
  }
  return ApplyByteEdits(bytes, std::move(edits));
}

}  // namespace spanlink
