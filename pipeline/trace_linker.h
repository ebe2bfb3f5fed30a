// TraceLinker: a stream of trace records in, the same records with links out.
//
// A record is one export request of OTLP: a line of JSON, a protobuf message,
// or a frame of the Collector's file exporter, told apart by their content. A
// call, its execution and its use may stand in different records of a trace, so
// records wait:
//
//   TraceLinker linker({.linger = std::chrono::seconds(30)},
//                      [](LinkedRecord record) { Send(record.bytes); });
//   linker.Add(1, line);  // … hands on whatever is settled by now
//   linker.Flush();       // … hands on the rest
//
// A trace is *settled*, which decides its links over all of its spans as in
// `TraceFile`, when no span of it came for the linger, when a bound is reached,
// oldest trace first (`evicted_scope`), or by `Flush`. A record goes on when
// all traces are settled of which it holds a span that can carry links: of a
// model, a tool, a handoff or a guardrail. One without such a span goes on at
// once, and what is known of its spans is kept without its bytes. So does one
// of log records: those with an event's name are kept for the spans of their
// trace, in records of the same encoding; but by its own attributes a span must
// be known as one of a model. What cannot be read goes on at once, untouched,
// counted and with a sentence.
//
// Every record goes on, and once. Its bytes are changed by links alone, or by
// what `WriteOptions` ask for. Where content is to be stripped, one that cannot
// be read goes on without its bytes.
//
// Spans that come after their trace was settled (`late_span`) open it again:
// they are linked with one another and with what comes later, and with earlier
// spans where the engine has parked a call, as across traces of a conversation.
// The same span twice counts once, and its links go on each copy that waits.
//
// Thread safety: Thread-compatible. The sink runs inside of `Add`, `Tick` and
// `Flush`, may call the linker again, and may throw: the record that it was
// given is gone then, and the next call goes on with the one after it.
// Complexity: O(n log n) time for a trace of n spans; memory as `held` says,
// about the bytes of the records that wait and 1 KB a span of a model or tool,
// whatever went through before.
#ifndef SPANLINK_PIPELINE_TRACE_LINKER_H_
#define SPANLINK_PIPELINE_TRACE_LINKER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "spanlink/linker/options.h"
#include "spanlink/model/diagnostics.h"
#include "spanlink/model/span_context.h"
#include "spanlink/pipeline/trace_types.h"

namespace spanlink {

struct StreamOptions {
  // What to link and how; mode, limits, clock and sinks are set by the linker.
  Options link = {};
  // `format` is that of every record.
  ReadOptions read = {};
  WriteOptions write = {};
  // Stands before record numbers in messages.
  std::string name = "stream";

  // Longer than the longest call of a model or a tool: its span comes when it
  // ends, and none of its trace may come before.
  Duration linger = std::chrono::seconds(60);
  // What the linger goes by. Empty: the time of the data, which is the latest
  // end of a span so far, so that a file gives the same links at any speed. A
  // span that ends in a far future stops that clock: bounds settle then.
  std::function<Time()> clock = {};

  // Records go on in the order in which they came. One that is settled waits
  // for those before it and counts as held.
  bool keep_order = false;

  // What may be held at once.
  size_t max_bytes = size_t{256} << 20;
  size_t max_records = size_t{1} << 16;
  size_t max_spans = size_t{1} << 18;
};

struct LinkedRecord {
  uint64_t id = 0;  // as `Add` was told
  std::string bytes;
  size_t links = 0;
  bool read = true;  // false: it is no OTLP, and as it came
  // Content was to be stripped from what cannot be read: nothing goes on, and
  // `problems` says why.
  bool withheld = false;
  // What could not be read of it, a few sentences at most: "NAME: record ID:
  // OFFSET: expected …".
  std::vector<std::string> problems;
};

class TraceLinker {
 public:
  using Sink = std::function<void(LinkedRecord)>;

  TraceLinker(StreamOptions options, Sink sink);
  // What is held is lost: call `Flush` before.
  ~TraceLinker();
  TraceLinker(const TraceLinker&) = delete;
  TraceLinker& operator=(const TraceLinker&) = delete;

  // Takes a record. The id is the caller's: it comes back with the record and
  // stands in messages.
  void Add(uint64_t id, std::string bytes);
  // Settles what was silent for the linger, by the clock of the options. `Add`
  // does the same; a program whose stream falls silent calls it from a timer.
  void Tick();
  // Settles everything: at the end of the stream, before a shutdown, and where
  // the stream falls silent for long. No text of a record is kept then.
  void Flush();

  // What is kept at the moment; all zero after `Flush`.
  struct Held {
    size_t bytes = 0;    // of records, and of log records for their spans
    size_t records = 0;  // waiting ones
    size_t spans = 0;    // of open traces, also those whose record went on
    size_t traces = 0;   // open ones

    friend bool operator==(const Held&, const Held&) = default;
  };
  Held held() const;

  // Returns how often this occurred since the beginning, here or in the engine.
  uint64_t count(DiagnosticId id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spanlink

#endif  // SPANLINK_PIPELINE_TRACE_LINKER_H_
