// JsonCursor: walks over JSON text in place, once, from front to back.
//
// Readers of traces need exact byte positions (links are spliced into the
// original text), arguments as the text that they are, and no copy of a prompt
// that they skip. A cursor gives all three: it builds no tree and visits each
// byte once.
//
//   JsonCursor cursor(text);
//   std::string_view key;
//   if (!cursor.EnterObject()) return;
//   while (cursor.NextMember(&key)) {
//     if (key == "spans") ReadSpans(&cursor); else cursor.Skip();
//   }
//   if (cursor.failed()) Report(cursor.position(), cursor.expected());
//
// After `NextMember` or `NextElement` returned true exactly one value must be
// consumed: skipped, read, or entered and walked to its end.
//
// Strict about structure, lenient inside strings: control characters, invalid
// UTF-8 and unknown escapes pass as they are.
//
// Lifetime: views point into the text and live as long as it does, but for keys
// and strings with escapes, which die with the next call.
// Thread safety: Thread-compatible.
// Complexity: O(n) in all; one byte a level of nesting, no recursion.
// Errors: after the first one every method returns false or nothing, and
// `position` and `expected` say where and what.
#ifndef SPANLINK_JSON_JSON_CURSOR_H_
#define SPANLINK_JSON_JSON_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spanlink {

enum class JsonType : uint8_t {
  kNone,  // no value begins here
  kNull,
  kBool,
  kNumber,
  kString,
  kArray,
  kObject,
};

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text, size_t position = 0)
      : begin_(text.data()),
        at_(begin_ + position),
        end_(begin_ + text.size()) {}

  // Returns the type of the next value and consumes white space only.
  JsonType Peek();

  // Enter the next value if it is an object (an array), else return false and
  // consume nothing.
  bool EnterObject() { return Enter('{'); }
  bool EnterArray() { return Enter('['); }

  // Go to the next member (element). Return false after the last one, when the
  // closing bracket is consumed, and on failure.
  bool NextMember(std::string_view* key);
  bool NextElement();
  // Goes to the next member and consumes its value, whose text is `json`.
  bool NextMember(std::string_view* key, std::string_view* json);

  // Consumes the next value. Returns false on failure.
  bool Skip();
  // Consumes the next value and returns its text.
  std::optional<std::string_view> ReadRaw();
  // Consumes the next value if it is a string and returns it unescaped, else
  // consumes nothing and returns nullopt.
  std::optional<std::string_view> ReadString();
  // Consumes the next value. Returns the string, or "" if it is none.
  std::string ReadStringOrSkip();

  // Makes the cursor fail here: the caller expected something else.
  void Expect(std::string_view what) { Fail(what); }

  // Returns whether nothing but white space is left.
  bool AtEnd();

  // Where the cursor stands; where it failed, if it failed.
  size_t position() const { return static_cast<size_t>(at_ - begin_); }
  bool failed() const { return !expected_.empty(); }
  // What would have been right at `position`; empty without a failure.
  std::string_view expected() const { return expected_; }
  // The text ended too early: it may have been cut.
  bool failed_at_end() const { return failed() && at_ == end_; }

 private:
  bool Enter(char bracket);
  bool Next(char closing, std::string_view separator_or_end);
  bool Fail(std::string_view expected);
  void SkipSpace() {
    // What is above a space is none; nearly always nothing has to be skipped.
    if (at_ == end_ || *at_ > ' ') return;
    SkipSpaces();
  }
  void SkipSpaces();
  JsonType TypeHere();
  bool SkipValue();
  bool SkipContainer();
  bool SkipKey(std::string_view* raw);
  bool SkipScalar(JsonType type);
  bool SkipString(std::string_view* raw);
  bool SkipLongString(std::string_view* raw);
  bool SkipNumber();
  bool SkipDigits();
  bool SkipWord(std::string_view word);

  const char* begin_;
  const char* at_;
  const char* end_;
  bool fresh_ = false;    // just after an opening bracket
  bool escaped_ = false;  // the last string has escapes
  std::string_view expected_;
  std::string open_;     // brackets that `Skip` has entered
  std::string scratch_;  // the last unescaped string
};

// Returns the text of the last member of that name, nullopt if `json` is no
// object or has none. Costs one pass.
std::optional<std::string_view> JsonMember(std::string_view json,
                                           std::string_view key);

// Returns the string that `json` is, nullopt if it is no string.
std::optional<std::string> JsonString(std::string_view json);

// Returns the string that `json` is, in place where it has no escapes, else
// unescaped into `scratch`; "" if it is none. REQUIRES: `json` is one value
// without white space around it, as `ReadRaw` returns it, or empty.
std::string_view JsonText(std::string_view json, std::string* scratch);

// Returns whether the whole text is one JSON value.
bool IsJson(std::string_view text);

}  // namespace spanlink

#endif  // SPANLINK_JSON_JSON_CURSOR_H_
