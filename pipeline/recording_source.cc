#include "spanlink/pipeline/recording_source.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "spanlink/dialects/text_calls.h"

namespace spanlink {

absl::StatusOr<std::unique_ptr<TraceSource>> RecordingSource::Read(
    const std::string& name, std::string bytes) {
  auto recording = ReadAgentsRecording(name, bytes);
  if (!recording.ok()) return recording.status();
  return std::unique_ptr<TraceSource>(
      new RecordingSource(name, std::move(bytes), *std::move(recording)));
}

SpanRef RecordingSource::Ref(size_t index) const {
  const RecordedSpan& span = recording_.spans[index];
  SpanRef ref;
  ref.context = span.context;
  ref.parent = span.parent;
  ref.start = span.start;
  ref.end = span.end;
  return ref;
}

void RecordingSource::Decode(size_t index, DecodedSpan* span) {
  span->facts.Clear();
  span->dialect = "openai_agents_events";
  span->scope = {};
  span->dropped_attributes = false;
  DecodeRecordedSpan(bytes_, recording_.spans[index], &span->facts,
                     &span->name);
  ReadTextCalls(&span->facts);
}

absl::StatusOr<std::string> RecordingSource::Write(
    const std::vector<ConsumerLinks>&, const WriteOptions&) const {
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s: recordings of the OpenAI Agents SDK have no place for links; ask "
      "for the links as JSON lines",
      name_));
}

}  // namespace spanlink
