#include "spanlink/linker/fingerprint.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "spanlink/linker/json_digest.h"
#include "spanlink/linker/json_scanner.h"
#include "spanlink/linker/keyed_hash.h"

namespace spanlink {
namespace {

using internal::BriefHash;
using internal::DigestJson;
using internal::HashKey;
using internal::HashText;
using internal::IsJsonSpace;
using internal::JsonScanner;

// The first words of what is hashed here; `json_digest.cc` uses other ones.
enum Tag : uint64_t {
  kName = 256,
  kNoArguments,
  kPlainText,
};

// How many times a JSON string may hold the text of another one.
constexpr int kMaxUnwraps = 4;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsJsonSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsJsonSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Returns what stands between a line of ``` (or ~~~), which may name a
// language, and a last ```. Text that has no such fence, or goes on behind it
// and has another one, is returned as it is.
std::string_view WithoutFence(std::string_view text) {
  constexpr size_t kMinMarks = 3;
  if (text.empty() || (text.front() != '`' && text.front() != '~')) return text;
  const char mark = text.front();
  const size_t marks = std::min(text.find_first_not_of(mark), text.size());
  const size_t line_end = text.find('\n');
  if (marks < kMinMarks || line_end == text.npos) return text;
  if (text.substr(marks, line_end - marks).find(mark) != text.npos) return text;
  const size_t last = text.find_last_not_of(mark);
  if (text.size() - last - 1 < marks) return text;
  // With the line break before it, so that a fence in the first line is seen.
  const std::string_view body = text.substr(line_end, last - line_end + 1);
  const std::string fence = "\n" + std::string(marks, mark);
  if (body.find(fence) != body.npos) return text;
  return Trim(body);
}

// Returns whether `text`, trimmed, says that there are no arguments.
bool IsNothing(std::string_view text) {
  if (text.empty() || text == "null") return true;
  return text.front() == '{' && Trim(text.substr(1)) == "}";
}

// Returns what a JSON string holds if that is nothing or begins an object,
// possibly behind further strings; nullopt if it is anything else.
std::optional<std::string> UnwrapString(std::string_view text) {
  std::string held;
  for (int i = 0; i < kMaxUnwraps; ++i) {
    JsonScanner scanner(text);
    std::string_view value;
    if (!scanner.TakeString(&value) || !scanner.at_end()) return std::nullopt;
    std::string inner(Trim(value));
    held.swap(inner);
    text = held;
    if (text.empty() || text.front() == '{') return held;
  }
  return std::nullopt;
}

std::optional<Fingerprint> DigestValue(std::string_view text,
                                       const HashKey& key) {
  if (IsNothing(text)) return HashText(kNoArguments, "", key);
  return DigestJson(text, key);
}

Fingerprint DigestArguments(std::string_view arguments, const HashKey& key) {
  std::string_view text = Trim(arguments);
  if (text.size() > kMaxArgumentBytes) {
    return HashText(kPlainText, text, key);
  }
  text = WithoutFence(text);
  std::optional<Fingerprint> digest;
  if (!text.empty() && text.front() == '"') {
    const std::optional<std::string> held = UnwrapString(text);
    if (held) digest = DigestValue(*held, key);
  }
  if (!digest) digest = DigestValue(text, key);
  return digest ? *digest : HashText(kPlainText, text, key);
}

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

Fingerprinter::Fingerprinter(std::optional<uint64_t> seed)
    : key_(HashKey::FromSeed(seed ? *seed : RandomSeed())),
      nothing_(HashText(kNoArguments, "", key_)) {}

Fingerprint Fingerprinter::OfArguments(std::string_view arguments) const {
  if (arguments == "{}") return nothing_;  // mostly written so
  return DigestArguments(arguments, key_);
}

Fingerprint Fingerprinter::OfText(std::string_view text) const {
  return HashText(kName, text, key_);
}

uint64_t Fingerprinter::BriefOfText(std::string_view text) const {
  return BriefHash(text, key_);
}

}  // namespace spanlink
