#include "spanlink/pipeline/json_source.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/json/json_cursor.h"
#include "spanlink/pipeline/json_walk.h"

namespace spanlink {
namespace {

// Puts `text` in the place of `size` bytes.
struct Edit {
  size_t position = 0;
  size_t size = 0;
  std::string text;
};

std::string Apply(std::string_view bytes, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return a.position < b.position;
  });
  std::string out;
  size_t done = 0;
  for (const Edit& edit : edits) {
    out.append(bytes.substr(done, edit.position - done)).append(edit.text);
    done = edit.position + edit.size;
  }
  return out.append(bytes.substr(done));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TraceSource>> JsonSource::Read(
    const std::string& name, std::string bytes,
    std::unique_ptr<JsonFormat> format) {
  std::unique_ptr<JsonSource> source(
      new JsonSource(name, std::move(bytes), std::move(format)));
  source->ReadSpans();
  if (source->spans_.empty()) {
    return absl::InvalidArgumentError(
        source->Problem(0, "spans with a trace id and a span id"));
  }
  return std::unique_ptr<TraceSource>(std::move(source));
}

void JsonSource::ReadSpans() {
  const JsonWalkResult walked = WalkJson(bytes_, [this](std::string_view json) {
    JsonSpan span;
    switch (format_->Visit(JsonObject(json), &span)) {
      case JsonFound::kNothing:
        return JsonNext::kInside;
      case JsonFound::kBroken:
        ++unreadable_;
        return JsonNext::kSkip;
      case JsonFound::kRepeated:
        return JsonNext::kSkip;
      case JsonFound::kSpan:
        break;
    }
    span.begin = static_cast<size_t>(json.data() - bytes_.data());
    span.size = json.size();
    index_.try_emplace(span.context, spans_.size());
    spans_.push_back(std::move(span));
    return JsonNext::kSkip;
  });
  unreadable_ += walked.unreadable;
  for (const JsonProblem& problem : walked.problems) {
    problems_.push_back(Problem(problem.position, problem.expected));
  }
}

std::string JsonSource::Problem(size_t offset,
                                std::string_view expected) const {
  return absl::StrFormat("%s: %d: expected %s", name_, offset,
                         std::string(expected));
}

SpanRef JsonSource::Ref(size_t index) const {
  const JsonSpan& span = spans_[index];
  SpanRef ref;
  ref.context = span.context;
  ref.parent = span.parent;
  ref.start = span.start;
  ref.end = span.end;
  return ref;
}

void JsonSource::Decode(size_t index, DecodedSpan* span) {
  span->facts.Clear();
  span->name.clear();
  span->dialect = {};
  span->scope = {};
  span->dropped_attributes = false;
  format_->Decode(spans_[index], spans_[index].Text(bytes_), span);
}

std::string JsonSource::NewLinks(const ConsumerLinks& consumer,
                                 std::string_view present) const {
  std::string added;
  std::vector<std::string> known;
  JsonCursor cursor(present);
  if (cursor.EnterArray()) {
    while (cursor.NextElement())
      known.emplace_back(cursor.ReadRaw().value_or(""));
  }
  for (const SpanLink* link : consumer.links) {
    const auto target = index_.find(link->producer);
    if (target == index_.end()) continue;
    const JsonSpan& span = spans_[target->second];
    std::string json = format_->LinkJson(span, span.Text(bytes_), *link);
    const bool there =
        std::any_of(known.begin(), known.end(), [&](const std::string& other) {
          return format_->IsSameLink(other, json);
        });
    if (there) continue;
    added.append(added.empty() ? "" : ",").append(json);
    known.push_back(std::move(json));
  }
  return added;
}

absl::StatusOr<std::string> JsonSource::Write(
    const std::vector<ConsumerLinks>& links,
    const WriteOptions& options) const {
  const std::string_view key = format_->links_key();
  if (key.empty()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: files of the format `%s` have no place for links; ask for the "
        "links as JSON lines",
        name_, std::string(format_->name())));
  }
  if (options.strip_content || options.tool_payload.any()) {
    return absl::UnimplementedError(absl::StrFormat(
        "%s: content is taken out of OTLP, or added to it, and not of files of "
        "the format `%s`",
        name_, std::string(format_->name())));
  }
  std::vector<Edit> edits;
  for (const ConsumerLinks& consumer : links) {
    const std::string_view span = spans_[consumer.span].Text(bytes_);
    const auto present = JsonMember(span, key);
    const std::string added = NewLinks(consumer, present.value_or(""));
    if (added.empty()) continue;
    if (!present) {
      // Behind the opening bracket: a span has other members.
      edits.push_back({static_cast<size_t>(span.data() - bytes_.data()) + 1, 0,
                       "\"" + std::string(key) + "\":[" + added + "],"});
      continue;
    }
    const auto begin = static_cast<size_t>(present->data() - bytes_.data());
    if (present->front() != '[') {
      edits.push_back({begin, present->size(), "[" + added + "]"});
      continue;
    }
    // Right behind the last link.
    const size_t last =
        present->find_last_not_of(" \t\r\n", present->size() - 2);
    const bool empty = last == 0;
    edits.push_back({begin + last + 1, 0, empty ? added : "," + added});
  }
  return Apply(bytes_, std::move(edits));
}

}  // namespace spanlink
