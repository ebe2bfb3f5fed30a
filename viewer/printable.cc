#include "spanlink/viewer/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"

namespace spanlink {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 1;
  bool valid = false;
};

struct Range {
  uint32_t first;
  uint32_t last;
};

// Characters that are not shown or change how others are shown.
constexpr std::array<Range, 18> kEscaped = {{{0x00, 0x1f},
                                             {0x7f, 0x9f},
                                             {0xad, 0xad},
                                             {0x34f, 0x34f},
                                             {0x61c, 0x61c},
                                             {0x115f, 0x1160},
                                             {0x17b4, 0x17b5},
                                             {0x180b, 0x180f},
                                             {0x200b, 0x200f},
                                             {0x2028, 0x202e},
                                             {0x2060, 0x206f},
                                             {0x3164, 0x3164},
                                             {0xfeff, 0xfeff},
                                             {0xffa0, 0xffa0},
                                             {0xfff0, 0xfffb},
                                             {0xfffe, 0xffff},
                                             {0x1d173, 0x1d17a},
                                             {0xe0000, 0xe0fff}}};

constexpr std::array<Range, 8> kCombining = {{{0x300, 0x36f},
                                              {0x483, 0x489},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x20d0, 0x20ff},
                                              {0x3099, 0x309a},
                                              {0xfe00, 0xfe0f},
                                              {0xfe20, 0xfe2f}}};

constexpr std::array<Range, 13> kWide = {{{0x1100, 0x115e},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x33ff},
                                          {0x3400, 0x4dbf},
                                          {0x4e00, 0xa4cf},
                                          {0xa960, 0xa97f},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};

// A code point that needs fewer bytes than it takes is not UTF-8.
constexpr std::array<uint32_t, 5> kSmallestOfLength = {0, 0, 0x80, 0x800,
                                                       0x10000};

// A letter takes at most this many marks; a pile of them is an attack.
constexpr int kMaxMarks = 2;

bool IsIn(std::span<const Range> ranges, uint32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [value](const Range& range) {
    return range.first <= value && value <= range.last;
  });
}

// Returns an invalid code point of one byte for what is not UTF-8.
CodePoint Decode(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  uint32_t value = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    value = value << 6 | (next & 0x3f);
  }
  if (value < kSmallestOfLength[bytes] || value > 0x10ffff) return {};
  if (0xd800 <= value && value <= 0xdfff) return {};
  return {value, bytes, true};
}

size_t ColumnsOf(uint32_t value) {
  if (value < 0x300) return 1;
  if (IsIn(kCombining, value)) return 0;
  return IsIn(kWide, value) ? 2 : 1;
}

std::string Escape(uint32_t value) {
  switch (value) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
  }
  if (value < 0x100) return absl::StrFormat("\\x%02x", value);
  if (value < 0x10000) return absl::StrFormat("\\u%04x", value);
  return absl::StrFormat("\\U%08x", value);
}

}  // namespace

std::string Printable(std::string_view text, size_t max_columns) {
  std::string printed;
  size_t columns = 0;
  size_t cut = 0;         // `printed` up to here leaves room for "..."
  int marks = kMaxMarks;  // a mark without a letter is escaped
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text.substr(at));
    const bool mark = point.valid && IsIn(kCombining, point.value);
    marks = mark ? marks + 1 : 0;
    std::string piece;
    if (!point.valid) {
      piece = Escape(static_cast<uint8_t>(text[at]));
    } else if (point.value == '\\' || IsIn(kEscaped, point.value) ||
               (mark && marks > kMaxMarks)) {
      piece = Escape(point.value);
    } else {
      piece = text.substr(at, point.bytes);
    }
    const size_t width = Columns(piece);
    if (columns + width > max_columns) return printed.substr(0, cut) + "...";
    columns += width;
    printed += piece;
    if (columns + 3 <= max_columns) cut = printed.size();
    at += point.bytes;
  }
  return printed;
}

size_t Columns(std::string_view printable) {
  size_t columns = 0;
  for (size_t at = 0; at < printable.size();) {
    const CodePoint point = Decode(printable.substr(at));
    columns += point.valid ? ColumnsOf(point.value) : 1;
    at += point.bytes;
  }
  return columns;
}

std::string PadTo(std::string printable, size_t columns) {
  const size_t have = Columns(printable);
  if (have < columns) printable.append(columns - have, ' ');
  return printable;
}

}  // namespace spanlink
