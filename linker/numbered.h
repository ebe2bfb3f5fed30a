// Numbered: values with numbers that are not used twice; the oldest can go.
//
// Indices elsewhere may keep the number of a value that is gone: `Get` says so.
//
// Lifetime: pointers are valid until the value is popped.
// Thread safety: Thread-compatible.
// Complexity: amortised O(1) for everything. The values stand in chunks of a
// few, so that none moves and `Get` costs no division; nothing is allocated for
// none.
#ifndef SPANLINK_LINKER_NUMBERED_H_
#define SPANLINK_LINKER_NUMBERED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace spanlink {

template <typename T>
class Numbered {
  static constexpr uint64_t kChunk = 8;
  struct Chunk {
    alignas(T) std::byte bytes[kChunk * sizeof(T)];
  };

 public:
  // Chunks that one `Numbered` left behind for the next, and its list of them,
  // at most `kMost`: what comes and goes all the time needs no allocator.
  // Thread-compatible.
  class Spare {
   public:
    void Swap(std::vector<std::unique_ptr<Chunk>>& list) { list_.swap(list); }
    void KeepList(std::vector<std::unique_ptr<Chunk>>& list) {
      list.clear();
      const bool is_longer = list.capacity() > list_.capacity();
      if (is_longer && list.capacity() <= 2 * kMost) list_.swap(list);
    }
    std::unique_ptr<Chunk> Take() {
      if (chunks_.empty()) return std::make_unique_for_overwrite<Chunk>();
      std::unique_ptr<Chunk> chunk = std::move(chunks_.back());
      chunks_.pop_back();
      return chunk;
    }
    void Keep(std::unique_ptr<Chunk> chunk) {
      if (chunks_.size() < kMost) chunks_.push_back(std::move(chunk));
    }

   private:
    static constexpr size_t kMost =
        std::max<size_t>(16, (size_t{64} << 10) / sizeof(Chunk));
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<std::unique_ptr<Chunk>> list_;  // empty
  };

  // `spare` must outlive this; nullptr: nothing is kept.
  explicit Numbered(Spare* spare = nullptr) : spare_(spare) {
    if (spare_ != nullptr) spare_->Swap(chunks_);
  }
  Numbered(const Numbered&) = delete;
  Numbered& operator=(const Numbered&) = delete;
  ~Numbered() {
    while (size() > 0) PopOldest();
    if (!chunks_.empty()) Drop(chunks_.back());
    if (spare_ != nullptr) spare_->KeepList(chunks_);
  }

  // Makes a new value, which has the number `last() - 1` then.
  template <typename... Args>
  T& Emplace(Args&&... args) {
    if (last_ / kChunk - begin_ == chunks_.size()) {
      chunks_.push_back(spare_ == nullptr
                            ? std::make_unique_for_overwrite<Chunk>()
                            : spare_->Take());
    }
    T* value = At(last_);
    if constexpr (sizeof...(Args) == 0) {
      value = ::new (value) T;  // with `()` all of it would be cleared before
    } else {
      value = std::construct_at(value, std::forward<Args>(args)...);
    }
    ++last_;
    return *value;
  }

  // Returns nullptr if the value is gone or never was.
  T* Get(uint64_t number) {
    return number < first_ || number >= last_ ? nullptr : At(number);
  }
  const T* Get(uint64_t number) const {
    return const_cast<Numbered*>(this)->Get(number);
  }

  // REQUIRES: size() > 0.
  void PopOldest() {
    std::destroy_at(At(first_));
    if (++first_ % kChunk == 0) DropChunk();
  }

  // Begins to load all of a value, where the compiler knows how.
  // REQUIRES: the value is here.
  void Prefetch([[maybe_unused]] uint64_t number) const {
#if defined(__GNUC__)
    constexpr size_t kLine = 64;
    const auto* const bytes = reinterpret_cast<const char*>(At(number));
    for (size_t i = 0; i < sizeof(T); i += kLine) __builtin_prefetch(bytes + i);
#endif
  }

  // Takes back the value that was made last; the next one has its number.
  // REQUIRES: size() > 0.
  void PopNewest() { std::destroy_at(At(--last_)); }

  // Every value that is here has a number in [first, last).
  uint64_t first() const { return first_; }
  uint64_t last() const { return last_; }
  size_t size() const { return last_ - first_; }

 private:
  T* At(uint64_t number) const {
    return reinterpret_cast<T*>(chunks_[number / kChunk - begin_]->bytes) +
           number % kChunk;
  }

  void Drop(std::unique_ptr<Chunk>& chunk) {
    if (spare_ != nullptr && chunk != nullptr) spare_->Keep(std::move(chunk));
    chunk = nullptr;
  }

  // The places of dropped chunks go when they are as many as the others.
  void DropChunk() {
    const uint64_t dropped = first_ / kChunk - begin_;
    Drop(chunks_[dropped - 1]);
    if (2 * dropped < chunks_.size()) return;
    chunks_.erase(chunks_.begin(),
                  chunks_.begin() + static_cast<ptrdiff_t>(dropped));
    begin_ += dropped;
  }

  Spare* const spare_;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  uint64_t begin_ = 0;  // which chunk `chunks_` begins with
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_NUMBERED_H_
