#include "spanlink/otlp/otlp_writer.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/otlp/otlp_numbers.h"

namespace spanlink {
namespace {

// A link that a span has: what can make another link the same one.
struct PresentLink {
  SpanContext target;
  std::vector<std::pair<std::string, std::string>> attributes;  // strings only
};

// Replaces `size` bytes at `position`.
struct Edit {
  size_t position = 0;
  size_t size = 0;
  std::string text;
};

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

PresentLink ReadLink(JsonCursor* cursor) {
  PresentLink link;
  std::string_view key;
  if (!cursor->EnterObject()) {
    cursor->Skip();
    return link;
  }
  while (cursor->NextMember(&key)) {
    if (key == "traceId") {
      link.target.trace_id =
          TraceId::FromHex(cursor->ReadStringOrSkip()).value_or(TraceId{});
    } else if (key == "spanId") {
      link.target.span_id =
          SpanId::FromHex(cursor->ReadStringOrSkip()).value_or(SpanId{});
    } else if (key == "attributes" && cursor->Peek() == JsonType::kArray) {
      link.attributes = ReadAttributes(cursor);
    } else {
      cursor->Skip();
    }
  }
  return link;
}

std::vector<PresentLink> ReadLinks(std::string_view json) {
  std::vector<PresentLink> links;
  JsonCursor cursor(json);
  if (!cursor.EnterArray()) return links;
  while (cursor.NextElement()) links.push_back(ReadLink(&cursor));
  return links;
}

// REQUIRES: both have one target.
bool IsSame(const PresentLink& present, const OtlpLink& link) {
  for (const auto& [key, value] : link.identity) {
    for (const auto& [present_key, present_value] : present.attributes) {
      if (present_key == key) return present_value == value;
    }
  }
  return false;
}

std::string LinkJson(const OtlpLink& link) {
  std::string json = "{\"traceId\":\"" + link.target.trace_id.ToHex() +
                     "\",\"spanId\":\"" + link.target.span_id.ToHex() + "\"";
  std::string_view separator = ",\"attributes\":[";
  for (const OtlpLinkAttribute& attribute : link.attributes) {
    json.append(separator).append("{\"key\":");
    AppendJsonString(attribute.key, &json);
    json.append(attribute.is_integer ? ",\"value\":{\"intValue\":"
                                     : ",\"value\":{\"stringValue\":");
    AppendJsonString(attribute.value, &json);
    json.append("}}");
    separator = ",";
  }
  if (!link.attributes.empty()) json.push_back(']');
  json.push_back('}');
  return json;
}

// What one span needs: links that it does not have, as JSON, and how many
// there was no room for.
struct Plan {
  std::vector<std::string> links;
  size_t dropped = 0;
  size_t present = 0;  // links that it has
  bool linked_before = false;
};

Plan MakePlan(std::string_view bytes, const OtlpSpanLinks& addition) {
  const auto present =
      ReadLinks(addition.span->Text(bytes, addition.span->links));
  Plan plan;
  plan.present = present.size();
  absl::flat_hash_map<SpanContext, std::vector<const PresentLink*>> by_target;
  for (const PresentLink& link : present) {
    by_target[link.target].push_back(&link);
  }
  std::set<std::string> added;
  for (const OtlpLink& link : addition.links) {
    const auto& others = by_target[link.target];
    const bool there = std::any_of(
        others.begin(), others.end(),
        [&link](const PresentLink* other) { return IsSame(*other, link); });
    plan.linked_before |= there;
    std::string json = there ? std::string() : LinkJson(link);
    if (there || !added.insert(json).second) continue;
    if (plan.present + plan.links.size() < kMaxLinksPerSpan) {
      plan.links.push_back(std::move(json));
    } else {
      ++plan.dropped;
    }
  }
  return plan;
}

// `droppedLinksCount` after the plan. A file that was linked before counts the
// same links again, and must not change; neither must one whose span was full
// of other links, where nothing tells the first time from the second.
uint64_t DroppedCount(const Plan& plan, uint64_t before) {
  const bool counted_before = plan.linked_before || plan.links.empty();
  return counted_before ? std::max<uint64_t>(before, plan.dropped)
                        : before + plan.dropped;
}

std::string Join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) {
    if (!joined.empty()) joined.push_back(',');
    joined.append(part);
  }
  return joined;
}

void PlanEdits(std::string_view bytes, const OtlpSpanLinks& addition,
               std::vector<Edit>* edits) {
  const OtlpSpan& span = *addition.span;
  if (span.links_unreadable) return;
  const Plan plan = MakePlan(bytes, addition);
  std::string new_members;
  if (!plan.links.empty()) {
    const std::string links = Join(plan.links);
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
  const uint64_t after = DroppedCount(plan, before);
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

std::string WriteOtlp(std::string_view bytes,
                      std::vector<OtlpSpanLinks> additions) {
  std::vector<Edit> edits;
  for (const OtlpSpanLinks& addition : additions) {
    PlanEdits(bytes, addition, &edits);
  }
  // Two edits may stand at one place: links that end where the members end.
  std::stable_sort(
      edits.begin(), edits.end(),
      [](const Edit& a, const Edit& b) { return a.position < b.position; });
  size_t size = bytes.size();
  for (const Edit& edit : edits) size += edit.text.size();
  std::string out;
  out.reserve(size);
  size_t done = 0;
  for (const Edit& edit : edits) {
    out.append(bytes.substr(done, edit.position - done));
    out.append(edit.text);
    done = edit.position + edit.size;
  }
  out.append(bytes.substr(done));
  return out;
}

}  // namespace spanlink
