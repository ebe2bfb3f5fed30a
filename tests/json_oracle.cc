#include "spanlink/tests/json_oracle.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace spanlink::testing {
namespace {

using nlohmann::json;

// Returns the decimal without exponent and without needless zeros: "-0.05".
std::string PlainDecimal(const std::string& raw) {
  const bool negative = raw[0] == '-';
  const size_t e = std::min(raw.find_first_of("eE"), raw.size());
  std::string digits = raw.substr(negative, e - negative);
  long exponent = e == raw.size() ? 0 : std::stol(raw.substr(e + 1));
  const size_t point = digits.find('.');
  if (point != digits.npos) {
    exponent -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  for (; exponent > 0; --exponent) digits.push_back('0');
  std::string fraction;
  for (; exponent < 0; ++exponent) {
    if (digits.empty()) digits = "0";
    fraction.insert(fraction.begin(), digits.back());
    digits.pop_back();
  }
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  while (!digits.empty() && digits.front() == '0') digits.erase(0, 1);
  if (digits.empty()) digits = "0";
  if (!fraction.empty()) digits += "." + fraction;
  return negative && digits != "0" ? "-" + digits : digits;
}

// Returns whether a number has an exponent that is too long to write it out.
bool IsHuge(const std::string& raw) {
  const size_t e = raw.find_first_of("eE");
  if (e == raw.npos) return false;
  const size_t digits = raw.find_first_not_of("+-0", e + 1);
  constexpr size_t kMaxDigits = 4;
  return digits != raw.npos && raw.size() - digits > kMaxDigits;
}

// Builds the tree from the parser's events, which show numbers as written.
class TreeBuilder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(int64_t value) override {
    return Put("n" + PlainDecimal(std::to_string(value)));
  }
  bool number_unsigned(uint64_t value) override {
    return Put("n" + PlainDecimal(std::to_string(value)));
  }
  bool number_float(double, const std::string& raw) override {
    unsure_ = IsHuge(raw);
    if (unsure_) return false;
    return Put("n" + PlainDecimal(raw));
  }
  bool string(std::string& value) override { return Put("s" + value); }
  bool binary(json::binary_t&) override { return false; }
  bool key(std::string& value) override {
    keys_.push_back(value);
    return true;
  }
  bool start_object(size_t) override { return Open(json::object()); }
  bool start_array(size_t) override { return Open(json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t, const std::string&,
                   const json::exception& error) override {
    constexpr int kNumberOverflow = 406;
    unsure_ = error.id == kNumberOverflow;
    return false;
  }

  bool unsure() const { return unsure_; }
  Tree& root() { return root_; }

 private:
  bool Open(json container) {
    open_.push_back(std::move(container));
    return true;
  }
  bool Close() {
    json value = std::move(open_.back());
    open_.pop_back();
    return Put(std::move(value));
  }
  bool Put(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_array()) {
      open_.back().push_back(std::move(value));
    } else {
      open_.back()[keys_.back()] = std::move(value);
      keys_.pop_back();
    }
    return true;
  }

  std::vector<json> open_;
  std::vector<std::string> keys_;
  json root_;
  bool unsure_ = false;
};

std::string Trimmed(std::string text) {
  constexpr const char* kSpace = " \t\r\n";
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  text.erase(text.find_last_not_of(kSpace) + 1);
  return text;
}

bool IsString(const std::optional<Tree>& tree) {
  return tree && tree->is_string() && tree->get<std::string>()[0] == 's';
}

std::string Spaces(Random* random) {
  std::string spaces;
  while (Pick(random, 4) == 0) spaces.push_back(" \t\r\n"[Pick(random, 4)]);
  return spaces;
}

void AppendUnit(uint32_t unit, bool upper, std::string* out) {
  char escape[8];
  std::snprintf(escape, sizeof escape, upper ? "\\u%04X" : "\\u%04x", unit);
  *out += escape;
}

void AppendEscaped(uint32_t code_point, bool upper, std::string* out) {
  if (code_point < 0x10000) return AppendUnit(code_point, upper, out);
  AppendUnit(0xd800 + ((code_point - 0x10000) >> 10), upper, out);
  AppendUnit(0xdc00 + ((code_point - 0x10000) & 0x3ff), upper, out);
}

// Decodes the code point at `*position` of valid UTF-8 and goes behind it.
uint32_t NextCodePoint(const std::string& text, size_t* position) {
  const auto byte = [&](size_t i) {
    return uint32_t{static_cast<unsigned char>(text[*position + i])};
  };
  const size_t size = byte(0) < 0x80   ? 1
                      : byte(0) < 0xe0 ? 2
                      : byte(0) < 0xf0 ? 3
                                       : 4;
  uint32_t code_point = size == 1 ? byte(0) : byte(0) & (0xff >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    code_point = code_point << 6 | (byte(i) & 0x3f);
  }
  *position += size;
  return code_point;
}

std::string SpellString(const std::string& text, Random* random) {
  std::string out = "\"";
  for (size_t next = 0; next < text.size();) {
    const size_t begin = next;
    const uint32_t c = NextCodePoint(text, &next);
    if (c < 0x20 || c == '"' || c == '\\') {
      const size_t letter = std::string("\b\f\n\r\t\"\\").find(text[begin]);
      if (letter != std::string::npos && Pick(random, 2) == 0) {
        out += {'\\', "bfnrt\"\\"[letter]};
        continue;
      }
      AppendEscaped(c, Pick(random, 2) == 0, &out);
    } else if (Pick(random, 8) == 0) {
      AppendEscaped(c, Pick(random, 2) == 0, &out);
    } else if (c == '/' && Pick(random, 2) == 0) {
      out += "\\/";
    } else {
      out += text.substr(begin, next - begin);
    }
  }
  return out + "\"";
}

// `plain` is as `PlainDecimal` returns it.
std::string SpellNumber(std::string plain, Random* random) {
  if (plain == "0" && Pick(random, 2) == 0) plain = "-0";
  const bool has_point = plain.find('.') != plain.npos;
  switch (Pick(random, 5)) {
    case 0:
      return plain + (has_point ? "00" : ".0");
    case 1:
      return plain + (Pick(random, 2) == 0 ? "e0" : "E+00");
    case 2:
      return has_point || plain.back() == '0' ? plain : plain + "000e-3";
    case 3:  // 12 = 1.2e1
      if (has_point || plain.size() < 2 || plain[0] == '-') return plain;
      return plain.substr(0, 1) + "." + plain.substr(1) + "e" +
             std::to_string(plain.size() - 1);
    default:
      return plain;
  }
}

std::string SpellObject(const Tree& tree, Random* random) {
  std::vector<std::string> members;
  for (const auto& [key, value] : tree.items()) {
    members.push_back(SpellString(key, random) + Spaces(random) + ":" +
                      Spell(value, random));
  }
  std::shuffle(members.begin(), members.end(), *random);
  if (!members.empty() && Pick(random, 8) == 0) {  // loses to the last one
    members.insert(members.begin(),
                   SpellString(tree.items().begin().key(), random) + ":" +
                       Spell(RandomTree(random, 1), random));
  }
  std::string out;
  for (const std::string& member : members) {
    out += (out.empty() ? "" : ",") + Spaces(random) + member;
  }
  return "{" + out + Spaces(random) + "}";
}

std::string SpellArray(const Tree& tree, Random* random) {
  std::string out;
  for (const Tree& element : tree) {
    out += (out.empty() ? "" : ",") + Spell(element, random);
  }
  return "[" + Spaces(random) + out + "]";
}

Tree ChangeScalar(const Tree& tree) {
  if (tree.is_null()) return false;
  if (tree.is_boolean()) return tree.get<bool>() ? Tree("n1") : Tree(true);
  std::string text = tree.get<std::string>();
  if (text[0] == 's') return text + "x";
  if (text == "n0") return "n2";
  return text.find('.') == text.npos ? text + "1" : text + "01";
}

}  // namespace

// The parser skips a byte order mark, which the grammar does not have.
OracleTree ReadTree(std::string_view text) {
  TreeBuilder builder;
  OracleTree result;
  if (text.starts_with("\xef\xbb\xbf")) return result;
  if (json::sax_parse(text.begin(), text.end(), &builder)) {
    result.tree = std::move(builder.root());
  }
  result.unsure = builder.unsure();
  return result;
}

std::optional<std::string> CanonicalText(std::string_view arguments) {
  const std::string text = Trimmed(std::string(arguments));
  OracleTree read = ReadTree(text);
  if (read.unsure) return std::nullopt;
  if (text.empty()) return "nothing";
  if (!read.tree) return "text " + text;
  std::optional<Tree> held = read.tree;
  for (int i = 0; i < 4 && IsString(held); ++i) {
    const std::string inner = Trimmed(held->get<std::string>().substr(1));
    if (inner.empty()) return "nothing";
    OracleTree next = ReadTree(inner);
    if (next.unsure) return std::nullopt;
    held = std::move(next.tree);
  }
  if (held && held->is_object()) read.tree = held;
  if (read.tree->is_null()) return "nothing";
  if (read.tree->is_object() && read.tree->empty()) return "nothing";
  return "value " + read.tree->dump();
}

bool IsLenient(const std::string& canonical) {
  if (canonical.rfind("text ", 0) != 0) return false;
  const auto without_broken = [&](Tree::error_handler_t how) {
    return Tree(canonical).dump(-1, ' ', false, how);
  };
  return without_broken(Tree::error_handler_t::ignore) !=
             without_broken(Tree::error_handler_t::replace) ||
         canonical.find("\\ud") != canonical.npos ||
         canonical.find("\\uD") != canonical.npos;
}

size_t Pick(Random* random, size_t bound) { return (*random)() % bound; }

std::string Spell(const Tree& tree, Random* random) {
  std::string out;
  if (tree.is_object()) {
    out = SpellObject(tree, random);
  } else if (tree.is_array()) {
    out = SpellArray(tree, random);
  } else if (!tree.is_string()) {
    out = tree.dump();
  } else {
    const std::string text = tree.get<std::string>();
    out = text[0] == 's' ? SpellString(text.substr(1), random)
                         : SpellNumber(text.substr(1), random);
  }
  return Spaces(random) + out + Spaces(random);
}

Tree RandomTree(Random* random, int depth) {
  static const std::vector<Tree> kLeaves = {nullptr,
                                            true,
                                            false,
                                            "n0",
                                            "n1",
                                            "n-1",
                                            "n10",
                                            "n12.5",
                                            "n0.001",
                                            "n9007199254740993",
                                            "s",
                                            "s1",
                                            "strue",
                                            "sa\nb\"c",
                                            "s\xc3\xa9/\\",
                                            "s\xf0\x9f\xa4\x96",
                                            "s{\"a\":1}",
                                            "s{}",
                                            "snull",
                                            "s[1]"};
  static const std::vector<std::string> kKeys = {"", "a", "b", "\xc3\xa9", "1"};
  const size_t kind = depth == 0 ? 0 : Pick(random, 3);
  if (kind == 0) return kLeaves[Pick(random, kLeaves.size())];
  Tree tree = kind == 1 ? Tree::object() : Tree::array();
  for (size_t size = Pick(random, 4); size > 0; --size) {
    Tree value = RandomTree(random, depth - 1);
    if (kind == 1) {
      tree[kKeys[Pick(random, kKeys.size())]] = std::move(value);
    } else {
      tree.push_back(std::move(value));
    }
  }
  return tree;
}

Tree ChangeOne(const Tree& tree, Random* random) {
  if (!tree.is_structured()) return ChangeScalar(tree);
  Tree changed = tree;
  const size_t what = Pick(random, 4);
  if (tree.empty() || what == 0) {
    if (tree.is_array()) {
      changed.push_back(nullptr);
    } else {
      changed["added key"] = nullptr;
    }
    return changed;
  }
  const auto victim =
      std::next(changed.begin(), static_cast<long>(Pick(random, tree.size())));
  if (what == 1) {
    changed.erase(victim);
  } else {
    *victim = ChangeOne(*victim, random);
  }
  return changed;
}

}  // namespace spanlink::testing
