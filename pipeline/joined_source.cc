#include "spanlink/pipeline/joined_source.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "spanlink/pipeline/gzip.h"
#include "spanlink/pipeline/json_format.h"
#include "spanlink/pipeline/json_source.h"
#include "spanlink/pipeline/recording_source.h"

namespace spanlink {
namespace {

// What is in a file.
struct Contents {
  TraceFormat format;
  std::unique_ptr<JsonFormat> other;  // JSON that is no OTLP
};

// Only content that nobody said anything about is looked at.
Contents Recognize(std::string_view bytes, const ReadOptions& options) {
  if (options.format) return {*options.format, nullptr};
  const TraceFormat format = DetectTraceFormat(bytes);
  const bool is_json = format == TraceFormat::kOtlpJson;
  return {format, is_json ? DetectJsonFormat(bytes) : nullptr};
}

absl::StatusOr<std::unique_ptr<TraceSource>> ReadSource(
    const std::string& name, std::string bytes, Contents contents,
    const Progress& progress) {
  if (contents.format == TraceFormat::kOpenAiAgents) {
    return RecordingSource::Read(name, std::move(bytes));
  }
  if (contents.other != nullptr) {
    return JsonSource::Read(name, std::move(bytes), std::move(contents.other));
  }
  return OtlpSource::Read(name, std::move(bytes), ToOtlpFormat(contents.format),
                          progress);
}

}  // namespace

absl::Status JoinedSource::Add(const std::string& name, std::string bytes,
                               const ReadOptions& options,
                               const Progress& progress) {
  File file;
  file.name = name;
  if (IsGzip(bytes)) {
    file.packed = std::move(bytes);
    auto inflated = Inflate(name, file.packed);
    if (!inflated.ok()) return inflated.status();
    bytes = *std::move(inflated);
  }
  if (IsZstd(bytes)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: 0: expected a trace, plain or in gzip; it is in zstd, which "
        "`zstd -d` unpacks",
        name));
  }
  Contents contents = Recognize(bytes, options);
  file.format = contents.format;
  if (contents.other != nullptr) file.json_format = contents.other->name();
  const bool is_otlp = contents.other == nullptr &&
                       contents.format != TraceFormat::kOpenAiAgents;
  auto source =
      ReadSource(name, std::move(bytes), std::move(contents), progress);
  if (!source.ok()) return source.status();
  file.source = *std::move(source);
  if (is_otlp) file.otlp = static_cast<OtlpSource*>(file.source.get());
  file.first_span = size_;
  size_ += file.source->size();
  files_.push_back(std::move(file));
  return absl::OkStatus();
}

absl::Status JoinedSource::Finish() {
  const bool only_logs =
      std::all_of(files_.begin(), files_.end(), [](const File& file) {
        return file.otlp != nullptr && file.otlp->only_logs();
      });
  if (only_logs) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: 0: expected an object with `resourceSpans` (OTLP/JSON traces)",
        files_.empty() ? "no file" : files_[0].name));
  }
  if (files_.size() > 1) JoinLogs();
  return absl::OkStatus();
}

// Gives each file the log records that other files have of its spans.
void JoinedSource::JoinLogs() {
  struct Found {
    const OtlpSource* from;
    OtlpSource::Log log;
  };
  absl::flat_hash_map<SpanContext, std::vector<Found>> logs;
  for (const File& file : files_) {
    if (file.otlp == nullptr) continue;
    for (const OtlpSource::Log& log : file.otlp->Events()) {
      logs[log.record.context].push_back({file.otlp, log});
    }
  }
  if (logs.empty()) return;
  const auto add = [](const std::vector<Found>& others, OtlpSource* to) {
    for (const Found& other : others) {
      const bool joins =
          other.from != to && other.from->is_json() == to->is_json();
      if (joins) to->AddLog(other.log);
    }
  };
  for (const File& file : files_) {
    for (size_t i = 0; file.otlp != nullptr && i < file.otlp->size(); ++i) {
      const auto found = logs.find(file.otlp->Ref(i).context);
      if (found != logs.end()) add(found->second, file.otlp);
    }
  }
}

SpanRef JoinedSource::Ref(size_t index) const {
  const File& file = At(index);
  return file.source->Ref(index - file.first_span);
}

std::string_view JoinedSource::TraceIdText(size_t index,
                                           std::string* scratch) const {
  const File& file = At(index);
  return file.source->TraceIdText(index - file.first_span, scratch);
}

std::string_view JoinedSource::SpanIdText(size_t index,
                                          std::string* scratch) const {
  const File& file = At(index);
  return file.source->SpanIdText(index - file.first_span, scratch);
}

void JoinedSource::Decode(size_t index, DecodedSpan* span) {
  const File& file = At(index);
  file.source->Decode(index - file.first_span, span);
}

uint64_t JoinedSource::unreadable() const {
  uint64_t count = 0;
  for (const File& file : files_) count += file.source->unreadable();
  return count;
}

std::vector<std::string> JoinedSource::problems() const {
  std::vector<std::string> problems;
  for (const File& file : files_) {
    const std::vector<std::string>& own = file.source->problems();
    problems.insert(problems.end(), own.begin(), own.end());
  }
  return problems;
}

uint64_t JoinedSource::bytes_in_all() const {
  uint64_t bytes = 0;
  for (const File& file : files_) bytes += file.source->bytes().size();
  return bytes;
}

size_t JoinedSource::FileOf(size_t index) const {
  const auto behind = std::upper_bound(
      files_.begin(), files_.end(), index,
      [](size_t at, const File& file) { return at < file.first_span; });
  return static_cast<size_t>(behind - files_.begin()) - 1;
}

absl::Status JoinedSource::CheckFormats() const {
  const auto format_of = [](const File& file) {
    const std::string_view name = file.json_format.empty()
                                      ? TraceFormatName(file.format)
                                      : file.json_format;
    return absl::StrFormat("%s%s", name, file.packed.empty() ? "" : " in gzip");
  };
  const std::string first = format_of(files_.front());
  for (const File& file : files_) {
    if (format_of(file) == first) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: is %s, and what stands before it in the output %s: write it to a "
        "file of its own",
        file.name, format_of(file), first));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> JoinedSource::Write(
    const std::vector<ConsumerLinks>& links,
    const WriteOptions& options) const {
  if (absl::Status s = CheckFormats(); !s.ok()) return s;
  std::string out;
  auto next = links.begin();
  for (const File& file : files_) {
    std::vector<ConsumerLinks> own;
    const size_t end = file.first_span + file.source->size();
    for (; next != links.end() && next->span < end; ++next) {
      own.push_back({next->span - file.first_span, next->links});
    }
    auto written = file.source->Write(own, options);
    if (!written.ok()) return written;
    if (!file.packed.empty()) {
      *written =
          *written == file.source->bytes() ? file.packed : Deflate(*written);
    }
    if (files_.size() == 1) return written;
    out += *written;
    const bool is_text =
        file.format == TraceFormat::kOtlpJson && file.packed.empty();
    const bool is_last = &file == &files_.back();
    if (is_text && !is_last && !written->ends_with('\n')) out += '\n';
  }
  return out;
}

}  // namespace spanlink
