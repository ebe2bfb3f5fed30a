// JsonFormat: one format of spans as JSON that is not OTLP.
//
// Spans are found by their own members, wherever they stand: exports put them
// into lists, pages and envelopes of every kind. A format looks at an object,
// says whether it is a span, and decodes spans later, one at a time.
//
// Thread safety: Thread-compatible.
#ifndef SPANLINK_PIPELINE_JSON_FORMAT_H_
#define SPANLINK_PIPELINE_JSON_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "spanlink/dialects/dialect.h"
#include "spanlink/model/span_context.h"
#include "spanlink/pipeline/trace_source.h"

namespace spanlink {

// The members of an object: keys, and values as JSON text.
class JsonObject {
 public:
  // Reads the members of the object that `json` is; none if it is no object.
  explicit JsonObject(std::string_view json);

  // Returns the last member of that name, "" if there is none or it is null.
  std::string_view Find(std::string_view key) const;
  bool Has(std::string_view key) const { return !Find(key).empty(); }
  // Returns the member's text if it is a string, else "".
  std::string Text(std::string_view key) const;
  const std::vector<std::pair<std::string, std::string_view>>& members() const {
    return members_;
  }

 private:
  std::vector<std::pair<std::string, std::string_view>> members_;
};

// A span, and where its object stands in the file.
struct JsonSpan {
  SpanContext context;
  std::optional<SpanId> parent;
  std::optional<Time> start;
  std::optional<Time> end;
  std::string trace_id;  // as the file has it
  std::string span_id;
  size_t begin = 0;
  size_t size = 0;

  std::string_view Text(std::string_view file) const {
    return file.substr(begin, size);
  }
};

enum class JsonFound : uint8_t {
  kNothing,  // something else: spans may be inside it
  kSpan,
  kBroken,    // a span without what identifies it
  kRepeated,  // spans inside it stand elsewhere, too
};

class JsonFormat {
 public:
  virtual ~JsonFormat() = default;

  // What the format is called in reports and messages: "jaeger".
  virtual std::string_view name() const = 0;
  // Looks at an object; fills all of `span` but where it stands. Objects come
  // in the order of the file, outer ones first.
  virtual JsonFound Visit(const JsonObject& object, JsonSpan* span) = 0;
  // Decodes a span that `Visit` found, from the text of its object.
  virtual void Decode(const JsonSpan& span, std::string_view json,
                      DecodedSpan* out) = 0;

  // Where a span keeps its links: an array that is the member of that name. ""
  // if the format has no place for links.
  virtual std::string_view links_key() const { return {}; }
  // Returns an element of that array that points at `target`, whose object is
  // `json`.
  virtual std::string LinkJson(const JsonSpan& /*target*/,
                               std::string_view /*json*/,
                               const SpanLink& /*link*/) const {
    return {};
  }
  // Returns whether an element points where `link` does.
  virtual bool IsSameLink(std::string_view /*element*/,
                          std::string_view /*link*/) const {
    return false;
  }
};

// Attributes that own their texts.
class OwnedAttributes {
 public:
  void Clear();
  // Adds a JSON value: strings come unescaped, lists and objects as JSON.
  void Add(std::string_view key, std::string_view json);
  void AddText(std::string_view key, std::string text);
  // Adds every member of an object.
  void AddAll(std::string_view object);
  const AttributeList& Sealed();

 private:
  AttributeList list_;
  std::deque<std::string> texts_;
};

// Reads the span's attributes with every dialect that knows them.
void DecodeWithDialects(const FinishedSpan& span, DecodedSpan* out);

// Ids of our size keep their bytes, in hex of any case, with `0x` and without
// leading zeros; all others are hashed.
TraceId ToTraceId(std::string_view text);
SpanId ToSpanId(std::string_view text);

// Returns the whole part of a number from 0 to 2^62, bare or in quotes; nullopt
// if it is none.
std::optional<int64_t> ToInteger(std::string_view json);

// The formats, each in its own file.
std::unique_ptr<JsonFormat> MakeAgentsExportFormat();
std::unique_ptr<JsonFormat> MakeDatadogFormat();
std::unique_ptr<JsonFormat> MakeJaegerFormat();
std::unique_ptr<JsonFormat> MakeLangfuseFormat();
std::unique_ptr<JsonFormat> MakeSdkDumpFormat();

// Returns the format of the first span in the file, nullptr if it holds none of
// these: it is OTLP then, or no trace.
std::unique_ptr<JsonFormat> DetectJsonFormat(std::string_view bytes);

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_JSON_FORMAT_H_
