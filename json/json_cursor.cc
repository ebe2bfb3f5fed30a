#include "spanlink/json/json_cursor.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "spanlink/json/json_block.h"
#include "spanlink/json/json_escapes.h"

namespace spanlink {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

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

// Finds the end of a string block by block. Whether a backslash is an escape,
// or escaped by the one before it, is counted out for a whole block: text in
// JSON in JSON is full of them.
class StringEnd {
 public:
  // Returns where the closing quote of the string that `at` is inside of
  // stands, or `end` if there is none.
  const char* Find(const char* at, const char* end) {
    for (; static_cast<size_t>(end - at) >= JsonBlock::kSize;
         at += JsonBlock::kSize) {
      const size_t quote = QuoteIn(JsonBlock(at));
      if (quote < JsonBlock::kSize) return at + quote;
    }
    char rest[JsonBlock::kSize] = {};
    std::memcpy(rest, at, static_cast<size_t>(end - at));
    const size_t quote = QuoteIn(JsonBlock(rest));
    return quote < JsonBlock::kSize ? at + quote : end;
  }

  // Whether there is a backslash in the string.
  bool escaped() const { return escaped_; }

 private:
  // Returns `JsonBlock::kSize` if no quote of the block ends the string.
  size_t QuoteIn(const JsonBlock& block) {
    uint64_t quotes = block.Where('"');
    const uint64_t slashes = block.Where('\\');
    if (slashes != 0 || carry_ != 0) quotes &= ~Escaped(slashes);
    const auto quote = static_cast<size_t>(std::countr_zero(quotes));
    const uint64_t inside = quotes == 0 ? ~uint64_t{0} : (quotes - 1) & ~quotes;
    escaped_ |= (slashes & inside) != 0;
    return quote;
  }

  // Returns which characters a backslash takes with it. In a run of backslashes
  // every other one does; adding the beginnings of the runs that begin at an
  // odd place to all carries a bit through to the end of each of those.
  uint64_t Escaped(uint64_t slashes) {
    constexpr uint64_t kEven = 0x5555555555555555;
    slashes &= ~carry_;
    const uint64_t behind = slashes << 1 | carry_;
    const uint64_t odd_begins = slashes & ~kEven & ~behind;
    const uint64_t sum = odd_begins + slashes;
    carry_ = sum < slashes ? 1 : 0;
    return (kEven ^ (sum << 1)) & behind;
  }

  uint64_t carry_ = 0;  // the block before ended with an escape
  bool escaped_ = false;
};

}  // namespace

// White space must have been skipped.
inline JsonType JsonCursor::TypeHere() {
  return at_ == end_ ? JsonType::kNone : kTypes[static_cast<uint8_t>(*at_)];
}

// REQUIRES: a quote is at the cursor. A backslash takes the next character with
// it, whatever it is. Most strings are keys, names and ids, and end within a
// few bytes.
inline bool JsonCursor::SkipString(std::string_view* raw) {
  const char* const begin = ++at_;
#ifdef __SSE2__
  if (end_ - begin >= std::ptrdiff_t{sizeof(__m128i)}) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const auto marks = static_cast<uint32_t>(_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')))));
    const char* const first = begin + std::countr_zero(marks | 1U << 16);
    if (marks != 0 && *first == '"') {
      escaped_ = false;
      *raw = {begin, static_cast<size_t>(first - begin)};
      at_ = first + 1;
      return true;
    }
  }
#endif
  return SkipLongString(raw);
}

bool JsonCursor::SkipLongString(std::string_view* raw) {
  const char* const begin = at_;
  StringEnd quote;
  at_ = quote.Find(begin, end_);
  escaped_ = quote.escaped();
  if (at_ == end_) return Fail("the closing quote of a string");
  *raw = {begin, static_cast<size_t>(at_ - begin)};
  ++at_;
  return true;
}

inline bool JsonCursor::SkipKey(std::string_view* raw) {
  SkipSpace();
  if (at_ == end_ || *at_ != '"') return Fail("a key in quotes");
  if (!SkipString(raw)) return false;
  SkipSpace();
  if (at_ == end_ || *at_ != ':') return Fail("`:`");
  ++at_;
  return true;
}

inline bool JsonCursor::SkipScalar(JsonType type) {
  std::string_view raw;
  switch (type) {
    case JsonType::kString:
      return SkipString(&raw);
    case JsonType::kNumber:
      return SkipNumber();
    case JsonType::kNull:
      return SkipWord("null");
    case JsonType::kBool:
      return SkipWord(*at_ == 't' ? "true" : "false");
    default:
      return Fail("a JSON value");
  }
}

JsonType JsonCursor::Peek() {
  if (failed()) return JsonType::kNone;
  SkipSpace();
  return TypeHere();
}

inline bool JsonCursor::Next(char closing, std::string_view separator_or_end) {
  if (failed()) return false;
  SkipSpace();
  if (at_ != end_ && *at_ == closing) {
    ++at_;
    fresh_ = false;
    return false;
  }
  if (fresh_) {
    fresh_ = false;
    return at_ != end_ || Fail(separator_or_end);
  }
  if (at_ == end_ || *at_ != ',') return Fail(separator_or_end);
  ++at_;
  return true;
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

// White space must have been skipped.
inline bool JsonCursor::SkipValue() {
  const JsonType type = TypeHere();
  fresh_ = false;
  const bool container = type == JsonType::kObject || type == JsonType::kArray;
  return container ? SkipContainer() : SkipScalar(type);
}

bool JsonCursor::NextMember(std::string_view* key, std::string_view* json) {
  if (!NextMember(key)) return false;
  SkipSpace();
  const char* const begin = at_;
  if (!SkipValue()) return false;
  *json = {begin, static_cast<size_t>(at_ - begin)};
  return true;
}

bool JsonCursor::Skip() {
  if (failed()) return false;
  SkipSpace();
  return SkipValue();
}

std::optional<std::string_view> JsonCursor::ReadRaw() {
  if (failed()) return std::nullopt;
  SkipSpace();
  const char* const begin = at_;
  if (!SkipValue()) return std::nullopt;
  return std::string_view(begin, static_cast<size_t>(at_ - begin));
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
  return at_ == end_;
}

bool JsonCursor::Enter(char bracket) {
  if (failed()) return false;
  SkipSpace();
  if (at_ == end_ || *at_ != bracket) return false;
  ++at_;
  fresh_ = true;
  return true;
}

bool JsonCursor::Fail(std::string_view expected) {
  if (!failed()) expected_ = expected;
  return false;
}

void JsonCursor::SkipSpaces() {
  while (at_ != end_ && IsSpace(*at_)) ++at_;
}

// REQUIRES: an opening bracket is at the cursor.
bool JsonCursor::SkipContainer() {
  bool object = *at_ == '{';
  bool fresh = true;
  open_.assign(1, *at_++);
  for (;;) {
    SkipSpace();
    const char c = at_ != end_ ? *at_ : '\0';
    if (c == (object ? '}' : ']')) {
      ++at_;
      open_.pop_back();
      if (open_.empty()) return true;
      object = open_.back() == '{';
      fresh = false;
      continue;
    }
    if (!fresh) {
      if (c != ',') return Fail(object ? "`,` or `}`" : "`,` or `]`");
      ++at_;
    }
    std::string_view key;
    if (object && !SkipKey(&key)) return false;
    SkipSpace();
    const JsonType type = TypeHere();
    fresh = type == JsonType::kObject || type == JsonType::kArray;
    if (fresh) {
      object = type == JsonType::kObject;
      open_.push_back(*at_++);
    } else if (!SkipScalar(type)) {
      return false;
    }
  }
}

bool JsonCursor::SkipNumber() {
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else if (!SkipDigits()) {
    return false;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!SkipDigits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!SkipDigits()) return false;
  }
  return true;
}

bool JsonCursor::SkipDigits() {
  const char* const begin = at_;
  while (at_ != end_ && IsDigit(*at_)) ++at_;
  return at_ != begin || Fail("a digit");
}

bool JsonCursor::SkipWord(std::string_view word) {
  const std::string_view here(at_, static_cast<size_t>(end_ - at_));
  const std::string_view rest = here.substr(0, word.size());
  if (rest == word) {
    at_ += word.size();
    return true;
  }
  if (word.substr(0, rest.size()) == rest) at_ = end_;
  return Fail("a JSON value");
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

std::string_view JsonText(std::string_view json, std::string* scratch) {
  if (json.size() < 2 || json.front() != '"') return {};
  const std::string_view raw = json.substr(1, json.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return raw;
  scratch->clear();
  UnescapeJson(raw, scratch);
  return *scratch;
}

bool IsJson(std::string_view text) {
  JsonCursor cursor(text);
  return cursor.Skip() && cursor.AtEnd();
}

}  // namespace spanlink
