// RecordSplitter: cuts a stream of OTLP into records, as `TraceLinker` takes
// them.
//
//   splitter.Add(piece);
//   while (auto record = splitter.Next()) linker.Add(++number, *record);
//   …
//   if (auto rest = splitter.TakeRest(); !rest.empty()) …
//
// A record is, in JSON, a line that begins with a brace and the lines behind it
// that do not, so that an object over many lines is one record and a broken one
// costs itself only; in length-prefixed protobuf a frame, with its length; in a
// protobuf message one of its `resource_spans`. All records, one behind
// another, are the stream.
//
// Thread safety: Thread-compatible.
// Complexity: O(n) time for n bytes; memory for the longest record.
// Errors: none. What is no record is one, and its reader says what is wrong.
#ifndef SPANLINK_PIPELINE_RECORD_SPLITTER_H_
#define SPANLINK_PIPELINE_RECORD_SPLITTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "spanlink/pipeline/trace_format.h"

namespace spanlink {

class RecordSplitter {
 public:
  // nullopt: the first bytes say which it is.
  explicit RecordSplitter(std::optional<TraceFormat> format = std::nullopt)
      : format_(format) {}

  void Add(std::string_view bytes);
  // Returns the next record; nullopt until more bytes come.
  std::optional<std::string> Next();
  // Returns what no record has ended yet: at the end of the stream the last
  // one; "" if there is nothing.
  std::string TakeRest();

  // What the stream is written in, once it is known.
  std::optional<TraceFormat> format() const { return format_; }
  // Whether the bytes that wait are a record unless more of it comes: a line
  // that has ended.
  bool HoldsWholeLine() const;

 private:
  // Returns the size of the record that the waiting bytes begin with; nullopt
  // if they do not hold its end.
  std::optional<size_t> RecordSize();
  std::optional<size_t> LineSize();
  std::optional<size_t> FrameSize() const;
  std::optional<size_t> FieldSize();

  std::string_view Waiting() const {
    return std::string_view(buffer_).substr(begin_);
  }

  std::optional<TraceFormat> format_;
  std::string buffer_;
  size_t begin_ = 0;    // of the waiting bytes
  size_t scanned_ = 0;  // how many of them hold no end
  bool is_broken_ = false;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_RECORD_SPLITTER_H_
