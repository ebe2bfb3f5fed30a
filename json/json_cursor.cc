#include "spanlink/json/json_cursor.h"

#include <array>
#include <bit>
#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace spanlink {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Returns the code unit of `XXXX` at the front of `text`, -1 if there is none.
int32_t CodeUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t unit = 0;
  for (char c : text.substr(0, 4)) {
    const int digit = HexDigit(c);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
    return;
  }
  if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
  } else {
    if (code < 0x10000) {
      out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    } else {
      out->push_back(static_cast<char>(0xF0 | (code >> 18)));
      out->push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    }
    out->push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
  }
  out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
}

// `rest` begins after `\u`. Returns how much of it was consumed, 0 if it is no
// escape.
size_t UnescapeUnicode(std::string_view rest, std::string* out) {
  constexpr uint32_t kReplacement = 0xFFFD;
  const int32_t unit = CodeUnit(rest);
  if (unit < 0) return 0;
  if (unit < 0xD800 || unit > 0xDFFF) {
    AppendUtf8(static_cast<uint32_t>(unit), out);
    return 4;
  }
  const bool pair = unit < 0xDC00 && rest.substr(4, 2) == "\\u";
  const int32_t low = pair ? CodeUnit(rest.substr(6)) : -1;
  if (low < 0xDC00 || low > 0xDFFF) {
    AppendUtf8(kReplacement, out);
    return 4;
  }
  AppendUtf8(0x10000 + ((static_cast<uint32_t>(unit) - 0xD800) << 10) +
                 (static_cast<uint32_t>(low) - 0xDC00),
             out);
  return 10;
}

// Returns what `\c` means, 0 if it is no escape.
char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// The type of the value that begins with a character.
constexpr std::array<JsonType, 256> kTypes = [] {
  std::array<JsonType, 256> types{};
  types['{'] = JsonType::kObject;
  types['['] = JsonType::kArray;
  types['"'] = JsonType::kString;
  types['t'] = types['f'] = JsonType::kBool;
  types['n'] = JsonType::kNull;
  types['-'] = JsonType::kNumber;
  for (char c = '0'; c <= '9'; ++c) types[c] = JsonType::kNumber;
  return types;
}();

// Returns where the first quote or backslash from `at` on stands, or `end`.
const char* FindSpecial(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i slash = _mm_set1_epi8('\\');
  constexpr std::ptrdiff_t kBlock = sizeof(__m128i);
  for (; end - at >= kBlock; at += kBlock) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto found = static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(
        _mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash))));
    if (found != 0) return at + std::countr_zero(found);
  }
#endif
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

}  // namespace

JsonType JsonCursor::Peek() {
  if (failed()) return JsonType::kNone;
  SkipSpace();
  if (position_ >= text_.size()) return JsonType::kNone;
  return kTypes[static_cast<uint8_t>(text_[position_])];
}

bool JsonCursor::NextMember(std::string_view* key) {
  std::string_view raw;
  if (!Next('}', "`,` or `}`") || !SkipKey(&raw)) return false;
  if (!escaped_) {
    *key = raw;
    return true;
  }
  scratch_.clear();
  UnescapeJson(raw, &scratch_);
  *key = scratch_;
  return true;
}

bool JsonCursor::NextElement() { return Next(']', "`,` or `]`"); }

bool JsonCursor::Skip() {
  const JsonType type = Peek();
  fresh_ = false;
  if (type == JsonType::kObject || type == JsonType::kArray) {
    return SkipContainer();
  }
  return !failed() && SkipScalar();
}

std::optional<std::string_view> JsonCursor::ReadRaw() {
  Peek();
  const size_t begin = position_;
  if (!Skip()) return std::nullopt;
  return text_.substr(begin, position_ - begin);
}

std::optional<std::string_view> JsonCursor::ReadString() {
  std::string_view raw;
  if (Peek() != JsonType::kString || !SkipString(&raw)) return std::nullopt;
  fresh_ = false;
  if (!escaped_) return raw;
  scratch_.clear();
  UnescapeJson(raw, &scratch_);
  return scratch_;
}

std::string JsonCursor::ReadStringOrSkip() {
  if (const auto text = ReadString()) return std::string(*text);
  Skip();
  return "";
}

bool JsonCursor::AtEnd() {
  SkipSpace();
  return position_ >= text_.size();
}

bool JsonCursor::Enter(char bracket) {
  if (failed()) return false;
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != bracket) return false;
  ++position_;
  fresh_ = true;
  return true;
}

bool JsonCursor::Next(char closing, std::string_view separator_or_end) {
  if (failed()) return false;
  SkipSpace();
  if (position_ < text_.size() && text_[position_] == closing) {
    ++position_;
    fresh_ = false;
    return false;
  }
  if (fresh_) {
    fresh_ = false;
    return position_ < text_.size() || Fail(separator_or_end);
  }
  if (position_ >= text_.size() || text_[position_] != ',') {
    return Fail(separator_or_end);
  }
  ++position_;
  return true;
}

bool JsonCursor::Fail(std::string_view expected) {
  if (!failed()) expected_ = expected;
  return false;
}

void JsonCursor::SkipSpaces() {
  while (position_ < text_.size() && IsSpace(text_[position_])) ++position_;
}

// REQUIRES: an opening bracket is at the cursor.
bool JsonCursor::SkipContainer() {
  open_.assign(1, text_[position_++]);
  bool fresh = true;
  while (!open_.empty()) {
    const bool object = open_.back() == '{';
    SkipSpace();
    const char c = position_ < text_.size() ? text_[position_] : '\0';
    if (c == (object ? '}' : ']')) {
      ++position_;
      open_.pop_back();
      fresh = false;
      continue;
    }
    if (!fresh) {
      if (c != ',') return Fail(object ? "`,` or `}`" : "`,` or `]`");
      ++position_;
    }
    std::string_view key;
    if (object && !SkipKey(&key)) return false;
    const JsonType type = Peek();
    fresh = type == JsonType::kObject || type == JsonType::kArray;
    if (fresh) {
      open_.push_back(text_[position_++]);
    } else if (!SkipScalar()) {
      return false;
    }
  }
  return true;
}

bool JsonCursor::SkipKey(std::string_view* raw) {
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != '"') {
    return Fail("a key in quotes");
  }
  if (!SkipString(raw)) return false;
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != ':') return Fail("`:`");
  ++position_;
  return true;
}

bool JsonCursor::SkipScalar() {
  std::string_view raw;
  switch (Peek()) {
    case JsonType::kString:
      return SkipString(&raw);
    case JsonType::kNumber:
      return SkipNumber();
    case JsonType::kNull:
      return SkipWord("null");
    case JsonType::kBool:
      return SkipWord(text_[position_] == 't' ? "true" : "false");
    default:
      return Fail("a JSON value");
  }
}

// REQUIRES: a quote is at the cursor. A backslash takes the next character with
// it, whatever it is.
bool JsonCursor::SkipString(std::string_view* raw) {
  const size_t begin = ++position_;
  const char* const end = text_.data() + text_.size();
  const char* at = FindSpecial(text_.data() + begin, end);
  escaped_ = at != end && *at == '\\';
  while (at != end && *at == '\\') {
    at = end - at > 2 ? FindSpecial(at + 2, end) : end;
  }
  if (at == end) {
    position_ = text_.size();
    return Fail("the closing quote of a string");
  }
  position_ = static_cast<size_t>(at - text_.data()) + 1;
  *raw = text_.substr(begin, position_ - 1 - begin);
  return true;
}

bool JsonCursor::SkipNumber() {
  if (text_[position_] == '-') ++position_;
  const bool zero = position_ < text_.size() && text_[position_] == '0';
  if (zero) {
    ++position_;
  } else if (!SkipDigits()) {
    return false;
  }
  if (position_ < text_.size() && text_[position_] == '.') {
    ++position_;
    if (!SkipDigits()) return false;
  }
  if (position_ < text_.size() &&
      (text_[position_] == 'e' || text_[position_] == 'E')) {
    ++position_;
    if (position_ < text_.size() &&
        (text_[position_] == '+' || text_[position_] == '-')) {
      ++position_;
    }
    if (!SkipDigits()) return false;
  }
  return true;
}

bool JsonCursor::SkipDigits() {
  const size_t begin = position_;
  while (position_ < text_.size() && IsDigit(text_[position_])) ++position_;
  return position_ > begin || Fail("a digit");
}

bool JsonCursor::SkipWord(std::string_view word) {
  const std::string_view rest = text_.substr(position_, word.size());
  if (rest == word) {
    position_ += word.size();
    return true;
  }
  if (word.substr(0, rest.size()) == rest) position_ = text_.size();
  return Fail("a JSON value");
}

void UnescapeJson(std::string_view raw, std::string* out) {
  size_t begin = 0;
  for (;;) {
    const size_t slash = raw.find('\\', begin);
    out->append(raw.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return;
    const char c = slash + 1 < raw.size() ? raw[slash + 1] : '\0';
    begin = slash + 2;
    if (const char simple = SimpleEscape(c)) {
      out->push_back(simple);
      continue;
    }
    const size_t used =
        c == 'u' ? UnescapeUnicode(raw.substr(begin), out) : size_t{0};
    begin = used > 0 ? begin + used : slash + 1;
    if (used == 0) out->push_back('\\');
  }
}

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  const auto special = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  };
  out->push_back('"');
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!special(c)) continue;
    out->append(text.substr(begin, i - begin)).push_back('\\');
    begin = i + 1;
    if (c == '"' || c == '\\') {
      out->push_back(c);
      continue;
    }
    out->append("u00");
    out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    out->push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
  out->append(text.substr(begin)).push_back('"');
}

std::optional<std::string_view> JsonMember(std::string_view json,
                                           std::string_view key) {
  JsonCursor cursor(json);
  std::optional<std::string_view> found;
  std::string_view name;
  if (!cursor.EnterObject()) return std::nullopt;
  while (cursor.NextMember(&name)) {
    const bool wanted = name == key;
    const auto value = cursor.ReadRaw();
    if (wanted && value) found = value;
  }
  if (cursor.failed()) return std::nullopt;
  return found;
}

std::optional<std::string> JsonString(std::string_view json) {
  JsonCursor cursor(json);
  const auto text = cursor.ReadString();
  if (!text) return std::nullopt;
  return std::string(*text);
}

bool IsJson(std::string_view text) {
  JsonCursor cursor(text);
  return cursor.Skip() && cursor.AtEnd();
}

}  // namespace spanlink
