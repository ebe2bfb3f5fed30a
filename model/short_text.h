// ShortText: a text that owns its bytes and seldom needs the heap.
//
// Names of tools and ids of calls are short, and every call and every link has
// some: up to `kInline` bytes stand in the object itself, which covers the ids
// of every provider but a few (`call_` or `toolu_` and 24 letters, UUIDs).
//
// Lifetime: owns what it holds; views are valid until it changes or dies.
// Thread safety: Thread-compatible.
// Complexity: O(n) to copy more than `kInline` bytes, else constant.
#ifndef SPANLINK_MODEL_SHORT_TEXT_H_
#define SPANLINK_MODEL_SHORT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <string_view>

namespace spanlink {

class ShortText {
 public:
  static constexpr size_t kInline = 39;

  // Not defaulted, so that `const ShortText text;` holds for all compilers.
  ShortText() : size_(0) {}
  // NOLINTBEGIN(google-explicit-constructor): a text is a text
  ShortText(std::string_view text) { Assign(text); }
  ShortText(const std::string& text) { Assign(text); }
  ShortText(const char* text) { Assign(text); }
  // NOLINTEND(google-explicit-constructor)
  ShortText(const ShortText& other) { Copy(other); }
  ShortText(ShortText&& other) noexcept { Take(other); }
  ~ShortText() { Free(); }
  ShortText& operator=(const ShortText& other) {
    if (this == &other) return *this;
    Free();
    Copy(other);
    return *this;
  }
  ShortText& operator=(ShortText&& other) noexcept {
    if (this == &other) return *this;
    Free();
    Take(other);
    return *this;
  }

  // Without a detour where nothing is on the heap; `text` may be its own.
  ShortText& operator=(std::string_view text) {
    if (size_ == kOnHeap || text.size() > kInline) {
      return *this = ShortText(text);
    }
    CopyShort(text, bytes_);
    size_ = static_cast<uint8_t>(text.size());
    return *this;
  }
  ShortText& operator=(const std::string& text) {
    return *this = std::string_view(text);
  }
  ShortText& operator=(const char* text) {
    return *this = std::string_view(text);
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return std::string_view(*this).size(); }
  // NOLINTNEXTLINE(google-explicit-constructor): and back
  operator std::string_view() const {
    if (size_ != kOnHeap) return {bytes_, size_};
    const Heap heap = OnHeap();
    return {heap.data, heap.size};
  }
  std::string str() const { return std::string(std::string_view(*this)); }

  friend bool operator==(const ShortText& a, const ShortText& b) {
    return std::string_view(a) == std::string_view(b);
  }
  friend std::string operator+(std::string a, const ShortText& b) {
    return a.append(b);
  }
  friend std::ostream& operator<<(std::ostream& out, const ShortText& text) {
    return out << std::string_view(text);
  }

 private:
  static constexpr uint8_t kOnHeap = 0xff;
  struct Heap {
    const char* data;
    size_t size;
  };

  // Copies at most `kInline` bytes, in words that overlap: a call of memcpy
  // takes longer. All are read before the first is written.
  static void CopyShort(std::string_view from, char* to) {
    struct Block {
      uint64_t words[2];
    };
    const size_t size = from.size();
    const auto copy_ends = [&]<typename Word>(Word first, Word last) {
      std::memcpy(&first, from.data(), sizeof(Word));
      std::memcpy(&last, from.data() + size - sizeof(Word), sizeof(Word));
      std::memcpy(to, &first, sizeof(Word));
      std::memcpy(to + size - sizeof(Word), &last, sizeof(Word));
    };
    if (size > 2 * sizeof(Block)) {
      std::memmove(to, from.data(), size);
    } else if (size >= sizeof(Block)) {
      copy_ends(Block(), Block());
    } else if (size >= sizeof(uint64_t)) {
      copy_ends(uint64_t{}, uint64_t{});
    } else if (size >= sizeof(uint32_t)) {
      copy_ends(uint32_t{}, uint32_t{});
    } else if (size > 0) {
      const char middle = from[size / 2];
      copy_ends(char{}, char{});
      to[size / 2] = middle;
    }
  }

  // The next three REQUIRE that nothing is held.
  void Assign(std::string_view text) {
    if (text.size() <= kInline) {
      size_ = static_cast<uint8_t>(text.size());
      CopyShort(text, bytes_);
      return;
    }
    size_ = 0;  // if there is no memory
    char* const data = new char[text.size()];
    std::memcpy(data, text.data(), text.size());
    const Heap heap{data, text.size()};
    std::memcpy(bytes_, &heap, sizeof(heap));
    size_ = kOnHeap;
  }
  void Copy(const ShortText& other) {
    if (other.size_ == kOnHeap) {
      Assign(other);
    } else {
      std::memcpy(static_cast<void*>(this), &other, sizeof(*this));
    }
  }
  void Take(ShortText& other) {
    std::memcpy(static_cast<void*>(this), &other, sizeof(*this));
    other.size_ = 0;
  }
  void Free() {
    if (size_ == kOnHeap) delete[] OnHeap().data;
  }
  // REQUIRES: `size_` is `kOnHeap`.
  Heap OnHeap() const {
    Heap heap;
    std::memcpy(&heap, bytes_, sizeof(heap));
    return heap;
  }

  alignas(Heap) char bytes_[kInline];  // the text itself, or a `Heap`
  uint8_t size_;                       // of what stands here, or `kOnHeap`
};
static_assert(sizeof(ShortText) == ShortText::kInline + 1);

}  // namespace spanlink

#endif  // SPANLINK_MODEL_SHORT_TEXT_H_
