#include "spanlink/json/json_cursor.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

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

// Returns where the bytes of a code point end that are written to `out`.
char* PutUtf8(uint32_t code, char* out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
    return out;
  }
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xE0 | (code >> 12));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
    }
    put(0x80 | ((code >> 6) & 0x3F));
  }
  put(0x80 | (code & 0x3F));
  return out;
}

// `rest` begins after `\u`. Returns how much of it was consumed, 0 if it is no
// escape.
size_t UnescapeUnicode(std::string_view rest, char** out) {
  constexpr uint32_t kReplacement = 0xFFFD;
  const int32_t unit = CodeUnit(rest);
  if (unit < 0) return 0;
  if (unit < 0xD800 || unit > 0xDFFF) {
    *out = PutUtf8(static_cast<uint32_t>(unit), *out);
    return 4;
  }
  const bool pair = unit < 0xDC00 && rest.substr(4, 2) == "\\u";
  const int32_t low = pair ? CodeUnit(rest.substr(6)) : -1;
  if (low < 0xDC00 || low > 0xDFFF) {
    *out = PutUtf8(kReplacement, *out);
    return 4;
  }
  *out = PutUtf8(0x10000 + ((static_cast<uint32_t>(unit) - 0xD800) << 10) +
                     (static_cast<uint32_t>(low) - 0xDC00),
                 *out);
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

// Copies what stands before the first backslash, and returns where that is.
// REQUIRES: there is as much room at `*to` as there are bytes.
const char* CopyPlain(const char* at, const char* end, char** to) {
#ifdef __SSE2__
  constexpr std::ptrdiff_t kSize = sizeof(__m128i);
  for (; end - at >= kSize; at += kSize, *to += kSize) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(*to), bytes);
    const auto slashes = static_cast<uint32_t>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    if (slashes == 0) continue;
    *to += std::countr_zero(slashes);
    return at + std::countr_zero(slashes);
  }
#endif
  while (at != end && *at != '\\') *(*to)++ = *at++;
  return at;
}

// Returns how many bytes there are before the first that a JSON string must
// escape.
size_t CountPlain(std::string_view text) {
  size_t count = 0;
#ifdef __SSE2__
  constexpr size_t kSize = sizeof(__m128i);
  for (; text.size() - count >= kSize; count += kSize) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + count));
    const __m128i controls =
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    const __m128i marks =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    const auto found =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(controls, marks)));
    if (found != 0) {
      return count + static_cast<size_t>(std::countr_zero(found));
    }
  }
#endif
  while (count < text.size() && text[count] != '"' && text[count] != '\\' &&
         static_cast<unsigned char>(text[count]) >= 0x20) {
    ++count;
  }
  return count;
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

// Sixty-four bytes, and which of them are some character: bit by bit, the first
// one is the least significant.
class Block {
 public:
  static constexpr size_t kSize = 64;

#ifdef __SSE2__
  explicit Block(const char* bytes) {
    for (size_t i = 0; i < kParts; ++i) {
      parts_[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + i);
    }
  }
  uint64_t Where(char c) const {
    uint64_t bits = 0;
    for (size_t i = 0; i < kParts; ++i) {
      const __m128i equal = _mm_cmpeq_epi8(parts_[i], _mm_set1_epi8(c));
      const auto found = static_cast<uint32_t>(_mm_movemask_epi8(equal));
      bits |= uint64_t{found} << (i * sizeof(__m128i));
    }
    return bits;
  }

 private:
  static constexpr size_t kParts = kSize / sizeof(__m128i);
  __m128i parts_[kParts];
#else
  explicit Block(const char* bytes) : bytes_(bytes) {}
  uint64_t Where(char c) const {
    uint64_t bits = 0;
    for (size_t i = 0; i < kSize; ++i) bits |= uint64_t{bytes_[i] == c} << i;
    return bits;
  }

 private:
  const char* bytes_;
#endif
};

// Returns what is behind the backslash at `at`, and the escape if it is one.
const char* UnescapeOne(const char* at, const char* end, char** to) {
  const char c = end - at > 1 ? at[1] : '\0';
  if (const char simple = SimpleEscape(c)) {
    *(*to)++ = simple;
    return at + 2;
  }
  const std::string_view rest(at, static_cast<size_t>(end - at));
  const size_t used = c == 'u' ? UnescapeUnicode(rest.substr(2), to) : 0;
  if (used == 0) *(*to)++ = '\\';
  return at + (used > 0 ? 2 + used : 1);
}

// Unescapes block by block, as long as a piece is left behind the block:
// copying may run into it. Returns where it stopped. Where the backslashes of a
// block are is known at once: in JSON in JSON there is one every few bytes.
// REQUIRES: there is as much room at `*to` as there are bytes.
const char* UnescapeBlocks(const char* at, const char* end, char** to) {
  constexpr size_t kPiece = 32;  // mostly there is no more between two escapes
  const auto copy = [to](const char* from, const char* until) {
    const auto size = static_cast<size_t>(until - from);
    size_t copied = 0;
    do {
      std::memcpy(*to + copied, from + copied, kPiece);
      copied += kPiece;
    } while (copied < size);
    *to += size;
  };
  while (static_cast<size_t>(end - at) >= Block::kSize + kPiece) {
    const char* const begin = at;
    uint64_t slashes = Block(begin).Where('\\');
    while (slashes != 0) {
      const char* const slash = begin + std::countr_zero(slashes);
      copy(at, slash);
      at = UnescapeOne(slash, end, to);
      const auto used = static_cast<size_t>(at - begin);
      slashes = used < Block::kSize ? slashes >> used << used : 0;
    }
    const char* const next = begin + Block::kSize;
    if (at >= next) continue;  // the last escape goes on behind the block
    copy(at, next);
    at = next;
  }
  return at;
}

// Finds the end of a string block by block. Whether a backslash is an escape,
// or escaped by the one before it, is counted out for a whole block: text in
// JSON in JSON is full of them.
class StringEnd {
 public:
  // Returns where the closing quote of the string that `at` is inside of
  // stands, or `end` if there is none.
  const char* Find(const char* at, const char* end) {
    for (; static_cast<size_t>(end - at) >= Block::kSize; at += Block::kSize) {
      const size_t quote = QuoteIn(Block(at));
      if (quote < Block::kSize) return at + quote;
    }
    char rest[Block::kSize] = {};
    std::memcpy(rest, at, static_cast<size_t>(end - at));
    const size_t quote = QuoteIn(Block(rest));
    return quote < Block::kSize ? at + quote : end;
  }

  // Whether there is a backslash in the string.
  bool escaped() const { return escaped_; }

 private:
  // Returns `Block::kSize` if no quote of the block ends the string.
  size_t QuoteIn(const Block& block) {
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

// An escape is never shorter than what it means: there is room for all of it.
void UnescapeJson(std::string_view raw, std::string* out) {
  const size_t size = out->size();
  out->resize(size + raw.size());
  char* to = out->data() + size;
  const char* const end = raw.data() + raw.size();
  const char* at = UnescapeBlocks(raw.data(), end, &to);
  for (;;) {
    at = CopyPlain(at, end, &to);
    if (at == end) break;
    at = UnescapeOne(at, end, &to);
  }
  out->resize(static_cast<size_t>(to - out->data()));
}

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (;;) {
    const size_t plain = CountPlain(text);
    out->append(text.substr(0, plain));
    if (plain == text.size()) break;
    const char c = text[plain];
    text.remove_prefix(plain + 1);
    out->push_back('\\');
    if (c == '"' || c == '\\') {
      out->push_back(c);
      continue;
    }
    out->append("u00");
    out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    out->push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
  out->push_back('"');
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
