// What is fuzzed: functions that take any bytes and abort, with a sentence, if
// a promise is broken.
//
// `./dev fuzz TARGET SECONDS` drives them with libFuzzer, starting from
// fuzz/corpus/TARGET; tests/fuzz_corpus_test.cc runs them over the corpora.
#ifndef SPANLINK_FUZZ_TARGETS_H_
#define SPANLINK_FUZZ_TARGETS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/dialects/dialect.h"

namespace spanlink::fuzz {

// Read, splice links in, read again: the links are there, the rest is
// identical, and doing it again changes nothing. Filter, read again: what goes
// is gone, spans and log records are there.
void FuzzOtlpJson(std::string_view bytes);
void FuzzOtlpProto(std::string_view bytes);
// Two arguments, divided by a byte 0xFF, have one fingerprint exactly if the
// slow oracle writes them alike; so have other spellings of the first.
void FuzzFingerprint(std::string_view bytes);
// A whole trace file of any format through every dialect, the linker and the
// writer; what is linked is not changed by linking. The same as a stream of
// records, of which none is lost.
void FuzzTrace(std::string_view bytes);
// A span that the dialect recognises, from lines of text: what is found in it
// stands in it, its content can be stripped and its payload written.
void FuzzDialect(const Dialect& dialect, std::string_view bytes);

struct Target {
  std::string name;
  std::function<void(std::string_view bytes)> run;
};
// One for each dialect is among them: "dialect_openinference".
const std::vector<Target>& Targets();

// Aborts unless `holds`.
void Check(bool holds, const char* promise);

}  // namespace spanlink::fuzz

#endif  // SPANLINK_FUZZ_TARGETS_H_
