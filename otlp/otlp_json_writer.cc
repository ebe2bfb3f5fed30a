#include "spanlink/otlp/otlp_json_writer.h"

#include <cstdint>
#include <utility>

#include "spanlink/json/json_cursor.h"
#include "spanlink/otlp/byte_edits.h"
#include "spanlink/otlp/otlp_ids.h"
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

// Ids are written as the span has its own: who reads them expects one form.
void AppendLink(const OtlpLink& link, OtlpIdForm form, std::string* out) {
  if (!out->empty()) out->push_back(',');
  out->append("{\"traceId\":\"")
      .append(OtlpIdText(link.target.trace_id, form))
      .append("\",\"spanId\":\"")
      .append(OtlpIdText(link.target.span_id, form))
      .append("\"");
  std::string_view separator = ",\"attributes\":[";
  for (const OtlpLinkAttribute& attribute : link.attributes) {
    out->append(separator).append("{\"key\":");
    AppendJsonString(attribute.key, out);
    out->append(attribute.is_integer ? ",\"value\":{\"intValue\":"
                                     : ",\"value\":{\"stringValue\":");
    AppendJsonString(attribute.value, out);
    out->append("}}");
    separator = ",";
  }
  if (!link.attributes.empty()) out->push_back(']');
  out->push_back('}');
}

void PlanEdits(std::string_view bytes, const OtlpSpanLinks& addition,
               std::vector<ByteEdit>* edits) {
  const OtlpSpan& span = *addition.span;
  if (span.links_unreadable) return;
  const OtlpLinkPlan plan =
      PlanOtlpLinks(ReadLinks(span.Text(bytes, span.links)), addition.links,
                    [&span](const OtlpLink& link, std::string* out) {
                      AppendLink(link, span.id_form, out);
                    });
  std::string new_members;
  if (plan.added > 0) {
    const std::string& links = plan.links;
    const std::string_view text = span.Text(bytes, span.links);
    if (text.empty()) {
      new_members = ",\"links\":[" + links + "]";
    } else if (text == "null") {
      edits->push_back(
          {span.begin + span.links.begin, text.size(), "[" + links + "]"});
    } else {
      // Right behind the last link, so that white space before the bracket
      // stays where it is.
      const size_t last = text.find_last_not_of(" \t\r\n", text.size() - 2);
      edits->push_back({span.begin + span.links.begin + last + 1, 0,
                        plan.present == 0 ? links : "," + links});
    }
  }
  const std::string_view count = span.Text(bytes, span.dropped_links_count);
  const uint64_t before = ParseOtlpUint(count).value_or(0);
  const uint64_t after = DroppedOtlpLinks(plan, before);
  if (after != before && !count.empty()) {
    edits->push_back({span.begin + span.dropped_links_count.begin, count.size(),
                      std::to_string(after)});
  } else if (after != before) {
    new_members += ",\"droppedLinksCount\":" + std::to_string(after);
  }
  if (new_members.empty()) return;
  edits->push_back({span.begin + span.members_end, 0, new_members});
}

}  // namespace

std::string WriteOtlpJson(std::string_view bytes, NextOtlpAddition next) {
  std::vector<ByteEdit> edits;
  OtlpSpanLinks addition;
  while (next(&addition)) PlanEdits(bytes, addition, &edits);
  return ApplyByteEdits(bytes, std::move(edits));
}

}  // namespace spanlink
