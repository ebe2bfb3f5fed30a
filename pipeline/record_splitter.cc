#include "spanlink/pipeline/record_splitter.h"

#include <cstdint>

namespace spanlink {
namespace {

// Bytes that tell the formats apart.
constexpr size_t kSampleSize = 5;
constexpr size_t kFrameLength = 4;
constexpr char kResourceSpansTag = '\n';

bool IsProto(TraceFormat format) { return format == TraceFormat::kOtlpProto; }
bool IsFrames(TraceFormat format) {
  return format == TraceFormat::kOtlpProtoFrames;
}

}  // namespace

void RecordSplitter::Add(std::string_view bytes) {
  buffer_.erase(0, begin_);
  begin_ = 0;
  buffer_.append(bytes);
}

std::optional<std::string> RecordSplitter::Next() {
  if (!format_ && Waiting().size() < kSampleSize) return std::nullopt;
  if (!format_) format_ = DetectTraceFormat(Waiting());
  const std::optional<size_t> size = RecordSize();
  if (!size) return std::nullopt;
  std::string record(Waiting().substr(0, *size));
  begin_ += *size;
  scanned_ = 0;
  return record;
}

std::string RecordSplitter::TakeRest() {
  std::string rest(Waiting());
  begin_ = buffer_.size();
  scanned_ = 0;
  return rest;
}

bool RecordSplitter::HoldsWholeLine() const {
  return format_ && !IsProto(*format_) && !IsFrames(*format_) &&
         Waiting().ends_with('\n');
}

std::optional<size_t> RecordSplitter::RecordSize() {
  if (is_broken_) return std::nullopt;
  if (IsFrames(*format_)) return FrameSize();
  return IsProto(*format_) ? FieldSize() : LineSize();
}

std::optional<size_t> RecordSplitter::LineSize() {
  const std::string_view text = Waiting();
  const size_t end = text.find("\n{", scanned_);
  if (end != text.npos) return end + 1;
  // A line break may be the last byte so far.
  scanned_ = text.empty() ? 0 : text.size() - 1;
  return std::nullopt;
}

std::optional<size_t> RecordSplitter::FrameSize() const {
  const std::string_view bytes = Waiting();
  if (bytes.size() < kFrameLength) return std::nullopt;
  size_t size = 0;
  for (const char c : bytes.substr(0, kFrameLength)) {
    size = size << 8 | static_cast<uint8_t>(c);
  }
  if (bytes.size() - kFrameLength < size) return std::nullopt;
  return kFrameLength + size;
}

// From the first field that is something else on, the message is one record.
std::optional<size_t> RecordSplitter::FieldSize() {
  const std::string_view bytes = Waiting();
  if (bytes.empty()) return std::nullopt;
  uint64_t size = 0;
  size_t at = 1;
  for (int shift = 0; bytes[0] == kResourceSpansTag && shift < 35; shift += 7) {
    if (at == bytes.size()) return std::nullopt;
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    size |= uint64_t{byte & 0x7Fu} << shift;
    if (byte >= 0x80) continue;
    if (bytes.size() - at < size) return std::nullopt;
    return at + static_cast<size_t>(size);
  }
  is_broken_ = true;
  return std::nullopt;
}

}  // namespace spanlink
