// Random traces of OTLP/protobuf, made with Google's protobuf, with fields that
// nobody knows among them.
#ifndef SPANLINK_TESTS_OTLP_PROTO_TESTING_H_
#define SPANLINK_TESTS_OTLP_PROTO_TESTING_H_

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "spanlink/otlp/otlp_link.h"
#include "spanlink/tests/proto/otlp.pb.h"

namespace spanlink {

// Makes messages from a seed.
class ProtoMaker {
 public:
  explicit ProtoMaker(uint64_t seed) : random_(seed) {}

  // A number below `bound`.
  size_t Below(size_t bound) { return random_() % bound; }
  bool Chance(size_t percent) { return Below(100) < percent; }
  std::string Text(size_t max_size);

  oracle::AnyValue Value(int depth);
  oracle::KeyValue Pair(int depth);
  oracle::Span Span();
  // Some resources with scopes with spans, each with unknown fields.
  oracle::TracesData Traces();
  // A link whose attributes identify it, to one of few targets.
  OtlpLink Link();

  // The same traces as a writer of another mind puts them: fields in any order,
  // but those of one number in theirs, and longer varints than needed.
  std::string Encode(const oracle::TracesData& traces);

 private:
  template <typename Message>
  void AddUnknown(Message* message);
  std::string EncodeLevel(std::string_view message, size_t level);
  std::string Record(uint32_t number, std::string_view message);

  std::mt19937_64 random_;
};

// A record of a message: its field's number and all its bytes.
struct ProtoRecord {
  int number = 0;
  std::string bytes;
  std::string content;  // of a field of bytes

  friend bool operator==(const ProtoRecord&, const ProtoRecord&) = default;
};

// Returns the records of a message as protobuf sees them.
std::vector<ProtoRecord> RecordsOf(std::string_view message);

// Returns a number in `bytes` bytes, which may be more than needed.
std::string LongVarint(uint64_t value, size_t bytes);
// Returns a number in as few bytes as possible.
std::string ShortVarint(uint64_t value);

}  // namespace spanlink

#endif  // SPANLINK_TESTS_OTLP_PROTO_TESTING_H_
