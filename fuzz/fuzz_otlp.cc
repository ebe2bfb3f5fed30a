#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spanlink/fuzz/targets.h"
#include "spanlink/otlp/otlp_file.h"
#include "spanlink/otlp/otlp_ids.h"
#include "spanlink/otlp/otlp_proto_fields.h"
#include "spanlink/otlp/proto_cursor.h"

namespace spanlink::fuzz {
namespace {

constexpr std::string_view kLinksMember = ",\"links\":";
constexpr std::string_view kDroppedMember = ",\"droppedLinksCount\":";

OtlpLink MakeLink(size_t number) {
  OtlpLink link;
  link.target.trace_id.bytes.fill(0xEE);
  link.target.span_id.bytes.fill(static_cast<uint8_t>(1 + number % 200));
  const std::string kind = std::to_string(number % 3);
  link.attributes = {{"kind", kind}, {"attempt", "2", true}};
  link.identity = {{"kind", kind}};
  return link;
}

// Links for most spans; now and then more than a span takes.
std::vector<OtlpSpanChange> Additions(const OtlpSpans& spans, size_t size) {
  std::vector<OtlpSpanChange> additions;
  for (size_t i = 0; i < spans.spans.size(); ++i) {
    OtlpSpanChange addition{&spans.spans[i], {}};
    const size_t count = i == 0 && size % 7 == 0 ? 130 : (i + size) % 4;
    for (size_t j = 0; j < count; ++j) {
      addition.links.push_back(MakeLink(i + j));
    }
    additions.push_back(std::move(addition));
  }
  return additions;
}

// Parts of a file that may differ.
class Mask {
 public:
  explicit Mask(std::string_view bytes) : bytes_(bytes) {}

  void Cut(size_t begin, size_t size) { cuts_.emplace_back(begin, size); }
  void Cut(const OtlpSpan& span, OtlpRange range) {
    if (!range.empty()) Cut(span.begin + range.begin, range.size);
  }

  // The bytes without these parts.
  std::string Rest() {
    std::sort(cuts_.begin(), cuts_.end());
    std::string rest;
    size_t done = 0;
    for (const auto& [begin, size] : cuts_) {
      Check(begin >= done && begin + size <= bytes_.size(),
            "positions are in order and inside the file");
      rest.append(bytes_.substr(done, begin - done));
      done = begin + size;
    }
    return rest.append(bytes_.substr(done));
  }

 private:
  std::string_view bytes_;
  std::vector<std::pair<size_t, size_t>> cuts_;
};

struct File {
  std::string_view bytes;
  OtlpSpans spans;
};

// Cuts a member that `after` has and, if it had it, `before`.
void CutMember(const OtlpSpan& span, OtlpRange range, bool is_new,
               std::string_view member, Mask* mask) {
  if (range.empty()) return;
  const size_t head = is_new ? member.size() : 0;
  mask->Cut(span.begin + range.begin - head, range.size + head);
}

void CheckJsonRest(const File& before, const File& after) {
  Mask old_mask(before.bytes), new_mask(after.bytes);
  for (size_t i = 0; i < before.spans.spans.size(); ++i) {
    const OtlpSpan& a = before.spans.spans[i];
    const OtlpSpan& b = after.spans.spans[i];
    old_mask.Cut(a, a.links);
    old_mask.Cut(a, a.dropped_links_count);
    CutMember(b, b.links, a.links.empty(), kLinksMember, &new_mask);
    CutMember(b, b.dropped_links_count, a.dropped_links_count.empty(),
              kDroppedMember, &new_mask);
    const std::string_view had = a.Text(before.bytes, a.links);
    const std::string_view has = b.Text(after.bytes, b.links);
    const size_t last = had.size() > 2
                            ? had.find_last_not_of(" \t\r\n", had.size() - 2)
                            : had.npos;
    if (last == had.npos || had == "null") continue;
    Check(has.starts_with(had.substr(0, last + 1)), "links stay, and first");
  }
  Check(old_mask.Rest() == new_mask.Rest(), "the rest is identical");
}

// Cuts what grows with links.
void CutLengths(const File& file, Mask* mask) {
  for (const OtlpEnvelope& envelope : file.spans.envelopes) {
    mask->Cut(envelope.begin - envelope.length_size, envelope.length_size);
  }
  for (const OtlpSpan& span : file.spans.spans) {
    mask->Cut(span.begin - span.length_size, span.length_size);
    ProtoCursor cursor(file.bytes, span.begin, span.begin + span.size);
    while (cursor.Next()) {
      if (cursor.tag() == otlp_proto::kLinks) {
        mask->Cut(cursor.field_begin(),
                  cursor.position() - cursor.field_begin());
      }
    }
  }
}

void CheckProtoRest(const File& before, const File& after) {
  Mask old_mask(before.bytes), new_mask(after.bytes);
  CutLengths(before, &old_mask);
  CutLengths(after, &new_mask);
  for (size_t i = 0; i < before.spans.spans.size(); ++i) {
    const OtlpSpan& a = before.spans.spans[i];
    const OtlpSpan& b = after.spans.spans[i];
    const size_t head = a.dropped_links_count.empty() ? 1 : 0;  // the tag
    old_mask.Cut(a, a.dropped_links_count);
    if (b.dropped_links_count.empty()) continue;
    new_mask.Cut(b.begin + b.dropped_links_count.begin - head,
                 b.dropped_links_count.size + head);
  }
  Check(old_mask.Rest() == new_mask.Rest(), "the rest is identical");
}

// A span has at least the first of its links, or no room.
void CheckLinksAreThere(const File& after,
                        const std::vector<OtlpSpanChange>& additions) {
  for (size_t i = 0; i < additions.size(); ++i) {
    const OtlpSpan& span = after.spans.spans[i];
    if (additions[i].links.empty() || span.links_unreadable) continue;
    const SpanId& id = additions[i].links[0].target.span_id;
    const std::string target =
        after.spans.format == OtlpFormat::kJson
            ? OtlpIdText(id, span.id_form)
            : std::string(id.bytes.begin(), id.bytes.end());
    const std::string_view links = span.Text(after.bytes, span.links);
    Check(links.find(target) != links.npos || !span.dropped_links_count.empty(),
          "the links are there");
  }
}

// What content there is can be read.
void ReadContent(const File& file) {
  OtlpContentReader reader(file.spans.format);
  for (const OtlpSpan& span : file.spans.spans) {
    reader.Read(file.bytes, span);
    for (const OtlpLog& log : file.spans.logs) reader.AddLog(file.bytes, log);
    size_t size = reader.name().size() + reader.status_message().size();
    for (const OtlpAttribute& attribute : reader.attributes()) {
      size += attribute.key.size() + attribute.text.size();
    }
    for (const OtlpEvent& event : reader.events()) {
      for (const OtlpAttribute& attribute : event.attributes) {
        size += attribute.text.size();
      }
    }
    Check(size < size_t{1} << 32, "content is no larger than the file");
  }
}

bool Read(std::string_view bytes, OtlpFormat format, File* file) {
  auto spans = ReadOtlp({"f", bytes, format});
  if (!spans.ok()) return false;
  *file = {bytes, *std::move(spans)};
  return true;
}

// Keeps what is understood and has a key of even length.
const OtlpFilter kFilter = {
    [](OtlpPlace, std::string_view key, OtlpValueType type) {
      return key.size() % 2 == 0 && type != OtlpValueType::kNull;
    }};

std::string Filtered(const File& file) {
  std::vector<OtlpSpanChange> changes;
  std::vector<OtlpLogChange> logs;
  for (const OtlpSpan& span : file.spans.spans) {
    changes.push_back({.span = &span, .filter = &kFilter});
  }
  for (const OtlpLog& log : file.spans.logs) logs.push_back({&log, &kFilter});
  return WriteOtlp(file.bytes, file.spans, changes, logs);
}

// What goes is gone, and filtering takes nothing else away.
void CheckFilter(const File& before) {
  File after;
  const std::string filtered = Filtered(before);
  Check(Read(filtered, before.spans.format, &after),
        "what is filtered can be read");
  Check(after.spans.spans.size() == before.spans.spans.size() &&
            after.spans.logs.size() == before.spans.logs.size(),
        "filtering takes no span and no log record away");
  Check(Filtered(after) == filtered, "filtering again changes nothing");
  OtlpContentReader reader(after.spans.format);
  for (const OtlpSpan& span : after.spans.spans) {
    reader.Read(filtered, span);
    Check(reader.status_message().empty(), "the status has no message");
    for (const OtlpAttribute& attribute : reader.attributes()) {
      Check(attribute.key.size() % 2 == 0, "what goes is gone");
    }
  }
}

void FuzzOtlp(std::string_view bytes, OtlpFormat format) {
  constexpr size_t kMaxLogs = 100;  // each is read for each span here
  File before, after;
  if (!Read(bytes, format, &before)) return;
  if (before.spans.logs.size() < kMaxLogs) ReadContent(before);
  Check(WriteOtlp(bytes, before.spans, {}) == bytes,
        "nothing added changes nothing");
  auto additions = Additions(before.spans, bytes.size());
  const std::string written = WriteOtlp(bytes, before.spans, additions);
  Check(Read(written, format, &after), "what is written can be read");
  Check(after.spans.spans.size() == before.spans.spans.size() &&
            after.spans.logs.size() == before.spans.logs.size() &&
            after.spans.envelopes.size() == before.spans.envelopes.size(),
        "spans, log records and envelopes are as many as before");
  format == OtlpFormat::kJson ? CheckJsonRest(before, after)
                              : CheckProtoRest(before, after);
  CheckLinksAreThere(after, additions);
  CheckFilter(before);
  for (size_t i = 0; i < additions.size(); ++i) {
    additions[i].span = &after.spans.spans[i];
  }
  Check(WriteOtlp(written, after.spans, additions) == written,
        "linking again changes nothing");
}

}  // namespace

void FuzzOtlpJson(std::string_view bytes) {
  FuzzOtlp(bytes, OtlpFormat::kJson);
}

void FuzzOtlpProto(std::string_view bytes) {
  const OtlpFormat format = DetectOtlpFormat(bytes);
  FuzzOtlp(bytes,
           format == OtlpFormat::kProtoFrames ? format : OtlpFormat::kProto);
}

}  // namespace spanlink::fuzz
