#include "spanlink/dialects/python_literal.h"

#include <cctype>

#include "spanlink/json/json_cursor.h"
#include "spanlink/json/json_escapes.h"

namespace spanlink {
namespace {

// Walks over the text and appends JSON; every `Read` returns whether it could.
class PythonReader {
 public:
  explicit PythonReader(std::string_view text) : text_(text) {}

  bool ReadValue(int depth);
  bool AtEnd();
  std::string TakeJson() { return std::move(json_); }

 private:
  char Peek() const { return position_ < text_.size() ? text_[position_] : 0; }
  void SkipSpace();
  bool Consume(char c);
  bool ReadList(char closing, int depth);
  bool ReadDict(int depth);
  bool ReadString();
  bool ReadEscape(std::string* out);
  bool ReadCode(int digits, std::string* out);
  bool ReadWord();

  std::string_view text_;
  size_t position_ = 0;
  std::string json_;
};

void PythonReader::SkipSpace() {
  while (std::isspace(static_cast<unsigned char>(Peek()))) ++position_;
}

bool PythonReader::Consume(char c) {
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != c) return false;
  ++position_;
  return true;
}

bool PythonReader::AtEnd() {
  SkipSpace();
  return position_ >= text_.size();
}

bool PythonReader::ReadValue(int depth) {
  if (depth > kMaxPythonDepth) return false;
  if (Consume('{')) return ReadDict(depth);
  if (Consume('[')) return ReadList(']', depth);
  if (Consume('(')) return ReadList(')', depth);
  if (Peek() == '\'' || Peek() == '"') return ReadString();
  return ReadWord();
}

bool PythonReader::ReadList(char closing, int depth) {
  json_.push_back('[');
  bool first = true;
  while (!Consume(closing)) {
    if (!first && !Consume(',')) return false;
    if (!first && Consume(closing)) break;  // (1,)
    if (!first) json_.push_back(',');
    if (!ReadValue(depth + 1)) return false;
    first = false;
  }
  json_.push_back(']');
  return true;
}

bool PythonReader::ReadDict(int depth) {
  json_.push_back('{');
  bool first = true;
  while (!Consume('}')) {
    if (!first && !Consume(',')) return false;
    if (!first) json_.push_back(',');
    SkipSpace();
    if (Peek() != '\'' && Peek() != '"') return false;
    if (!ReadString() || !Consume(':')) return false;
    json_.push_back(':');
    if (!ReadValue(depth + 1)) return false;
    first = false;
  }
  json_.push_back('}');
  return true;
}

bool PythonReader::ReadString() {
  const char quote = text_[position_++];
  std::string value;
  while (Peek() != quote || position_ >= text_.size()) {
    if (position_ >= text_.size()) return false;
    const char c = text_[position_++];
    if (c != '\\') {
      value.push_back(c);
    } else if (!ReadEscape(&value)) {
      return false;
    }
  }
  ++position_;
  AppendJsonString(value, &json_);
  return true;
}

bool PythonReader::ReadEscape(std::string* out) {
  const char c = Peek();
  if (position_ >= text_.size()) return false;
  ++position_;
  switch (c) {
    case 'n':
      out->push_back('\n');
      return true;
    case 'r':
      out->push_back('\r');
      return true;
    case 't':
      out->push_back('\t');
      return true;
    case 'x':
      return ReadCode(2, out);
    case 'u':
      return ReadCode(4, out);
    case '\\':
    case '\'':
    case '"':
      out->push_back(c);
      return true;
    default:
      return false;
  }
}

// Reads hex digits of a code point, by way of the JSON escape for it.
bool PythonReader::ReadCode(int digits, std::string* out) {
  std::string escape = digits == 2 ? "\\u00" : "\\u";
  for (int i = 0; i < digits; ++i) {
    if (!std::isxdigit(static_cast<unsigned char>(Peek()))) return false;
    escape.push_back(text_[position_++]);
  }
  UnescapeJson(escape, out);
  return true;
}

bool PythonReader::ReadWord() {
  const size_t begin = position_;
  while (std::isalnum(static_cast<unsigned char>(Peek())) || Peek() == '-' ||
         Peek() == '+' || Peek() == '.') {
    ++position_;
  }
  const std::string_view word = text_.substr(begin, position_ - begin);
  if (word == "True" || word == "False") {
    json_.append(word == "True" ? "true" : "false");
  } else if (word == "None") {
    json_.append("null");
  } else {
    JsonCursor cursor(word);
    if (cursor.Peek() != JsonType::kNumber || !IsJson(word)) return false;
    json_.append(word);
  }
  return true;
}

}  // namespace

std::optional<std::string> PythonLiteralToJson(std::string_view text) {
  PythonReader reader(text);
  if (!reader.ReadValue(0) || !reader.AtEnd()) return std::nullopt;
  return reader.TakeJson();
}

}  // namespace spanlink
