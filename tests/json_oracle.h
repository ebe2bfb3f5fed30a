// Json oracle: the slow, obvious twin of linker/json_digest.h, for tests.
//
// Reads JSON with nlohmann_json into a tree in which numbers are kept as exact
// decimals without exponent, and writes such trees in many spellings.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_TESTS_JSON_ORACLE_H_
#define SPANLINK_TESTS_JSON_ORACLE_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace spanlink::testing {

// Strings of the document begin with `s`; numbers are strings that begin with
// `n`, such as "n-0.05"; everything else is itself.
using Tree = nlohmann::json;

struct OracleTree {
  // The document is valid but the oracle cannot tell its value: it holds a
  // number beyond the range of a double, or one too long to write out.
  bool unsure = false;
  std::optional<Tree> tree;  // nullopt: the text is not JSON
};

// Reads one JSON value.
OracleTree ReadTree(std::string_view text);

// Returns a text that two arguments share exactly if they are one value by the
// rules of linker/fingerprint.h; nullopt if the oracle is unsure.
std::optional<std::string> CanonicalText(std::string_view arguments);

// Returns whether a canonical text holds what the oracle takes for text and the
// fingerprint tells apart: broken UTF-8 and lone surrogates.
bool IsLenient(const std::string& canonical);

using Random = std::mt19937_64;

// Returns a number in [0, bound).
size_t Pick(Random* random, size_t bound);

// Returns a text of `tree`, spelled at random: spaces, order of keys, duplicate
// keys, escapes, forms of numbers.
std::string Spell(const Tree& tree, Random* random);

// Returns a small tree with few different leaves, so that trees often meet.
Tree RandomTree(Random* random, int depth);

// Returns `tree` with exactly one thing in it changed.
Tree ChangeOne(const Tree& tree, Random* random);

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_JSON_ORACLE_H_
