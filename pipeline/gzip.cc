#include "spanlink/pipeline/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace spanlink {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest, and gzip's header
constexpr size_t kChunkBytes = size_t{1} << 18;
constexpr size_t kMaxStep = std::numeric_limits<uInt>::max();

Bytef* BytesOf(std::string_view text) {
  // zlib takes what it reads as not const, and does not write to it.
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

// Inflates members one after another.
class Inflater {
 public:
  Inflater(std::string_view name, std::string_view bytes, uint64_t max_bytes)
      : name_(name), bytes_(bytes), max_bytes_(max_bytes) {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  absl::StatusOr<std::string> Run() {
    while (true) {
      const int result = Step();
      if (out_.size() > max_bytes_) {
        return Expected(absl::StrFormat(
            "no more than %u bytes in the gzip file", max_bytes_));
      }
      if (result == Z_STREAM_END && at_ == bytes_.size())
        return std::move(out_);
      if (result == Z_STREAM_END) {
        inflateReset(&stream_);
      } else if (result == Z_BUF_ERROR && at_ == bytes_.size()) {
        return Expected("the end of the gzip data, which breaks off");
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return Expected("gzip data; it is damaged");
      }
    }
  }

 private:
  int Step() {
    const size_t have = out_.size();
    out_.resize(have + kChunkBytes);
    const auto rest =
        static_cast<uInt>(std::min(bytes_.size() - at_, kMaxStep));
    stream_.next_in = BytesOf(bytes_.substr(at_));
    stream_.avail_in = rest;
    stream_.next_out = BytesOf(out_) + have;
    stream_.avail_out = static_cast<uInt>(kChunkBytes);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    at_ += rest - stream_.avail_in;
    out_.resize(have + kChunkBytes - stream_.avail_out);
    return result;
  }

  absl::Status Expected(const std::string& what) const {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %u: expected %s", std::string(name_), at_, what));
  }

  std::string_view name_;
  std::string_view bytes_;
  uint64_t max_bytes_;
  size_t at_ = 0;
  std::string out_;
  z_stream stream_{};
};

}  // namespace

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

absl::StatusOr<std::string> Inflate(std::string_view name,
                                    std::string_view bytes,
                                    uint64_t max_bytes) {
  return Inflater(name, bytes, max_bytes).Run();
}

std::string Deflate(std::string_view bytes) {
  z_stream stream{};
  constexpr int kMemory = 8;  // zlib's default
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow,
                   kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out;
  size_t at = 0;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    const size_t have = out.size();
    out.resize(have + kChunkBytes);
    const auto step = static_cast<uInt>(std::min(bytes.size() - at, kMaxStep));
    stream.next_in = BytesOf(bytes.substr(at));
    stream.avail_in = step;
    stream.next_out = BytesOf(out) + have;
    stream.avail_out = static_cast<uInt>(kChunkBytes);
    result =
        deflate(&stream, at + step == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    at += step - stream.avail_in;
    out.resize(have + kChunkBytes - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace spanlink
