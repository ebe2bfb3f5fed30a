#include "spanlink/pipeline/json_walk.h"

#include <algorithm>

#include "spanlink/json/json_cursor.h"

namespace spanlink {
namespace {

// Envelopes are a few levels deep; below that is content.
constexpr int kMaxLevels = 8;
constexpr size_t kMaxProblems = 5;

class Walker {
 public:
  Walker(std::string_view bytes,
         const std::function<JsonNext(std::string_view)>& visit)
      : bytes_(bytes), visit_(visit) {}

  JsonWalkResult Run();

 private:
  // Returns where the document ends, `npos` if it cannot be read.
  size_t ReadDocument(size_t begin, size_t end);
  void ReadLines(size_t begin);
  void ReadLine(size_t begin, size_t end);
  void Visit(std::string_view json, int level);
  void VisitMembers(std::string_view json, int level);

  std::string_view bytes_;
  const std::function<JsonNext(std::string_view)>& visit_;
  JsonWalkResult result_;
  bool stopped_ = false;
};

JsonWalkResult Walker::Run() {
  size_t at = bytes_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (!stopped_ && !JsonCursor(bytes_, at).AtEnd()) {
    const size_t end = ReadDocument(at, bytes_.size());
    if (end == std::string_view::npos) {
      ReadLines(at);
      break;
    }
    at = end;
  }
  return std::move(result_);
}

size_t Walker::ReadDocument(size_t begin, size_t end) {
  JsonCursor cursor(bytes_.substr(0, end), begin);
  const auto json = cursor.ReadRaw();
  if (!json) return std::string_view::npos;
  ++result_.documents;
  Visit(*json, 0);
  return cursor.position();
}

// From the first document that cannot be read on: a document a line.
void Walker::ReadLines(size_t begin) {
  while (!stopped_ && begin < bytes_.size()) {
    const size_t end = std::min(bytes_.find('\n', begin), bytes_.size());
    if (!JsonCursor(bytes_.substr(0, end), begin).AtEnd()) ReadLine(begin, end);
    begin = end + 1;
  }
}

void Walker::ReadLine(size_t begin, size_t end) {
  JsonCursor cursor(bytes_.substr(0, end), begin);
  if (cursor.Skip() && cursor.AtEnd()) {
    ReadDocument(begin, end);
    return;
  }
  ++result_.unreadable;
  if (result_.problems.size() >= kMaxProblems) return;
  const std::string expected(cursor.failed() ? cursor.expected()
                                             : "the end of the line");
  result_.problems.push_back({cursor.position(), expected});
}

void Walker::Visit(std::string_view json, int level) {
  JsonCursor cursor(json);
  if (level > kMaxLevels || stopped_) return;
  if (cursor.EnterArray()) {
    while (!stopped_ && cursor.NextElement()) {
      Visit(cursor.ReadRaw().value_or(""), level + 1);
    }
    return;
  }
  if (cursor.Peek() != JsonType::kObject) return;
  const JsonNext next = visit_(json);
  stopped_ |= next == JsonNext::kStop;
  if (next == JsonNext::kInside) VisitMembers(json, level);
}

void Walker::VisitMembers(std::string_view json, int level) {
  JsonCursor cursor(json);
  std::string_view key;
  cursor.EnterObject();
  while (!stopped_ && cursor.NextMember(&key)) {
    Visit(cursor.ReadRaw().value_or(""), level + 1);
  }
}

}  // namespace

JsonWalkResult WalkJson(
    std::string_view bytes,
    const std::function<JsonNext(std::string_view object)>& visit) {
  return Walker(bytes, visit).Run();
}

}  // namespace spanlink
