// Numbered: values with numbers that are never used twice; the oldest can go.
//
// Indices elsewhere may keep the number of a value that is gone: `Get` says so.
//
// Lifetime: pointers are valid until the value is popped.
// Thread safety: Thread-compatible.
// Complexity: O(1) for everything.
#ifndef SPANLINK_LINKER_NUMBERED_H_
#define SPANLINK_LINKER_NUMBERED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace spanlink {

template <typename T>
class Numbered {
 public:
  // Returns the new value's number.
  uint64_t Add(T value) {
    values_.push_back(std::move(value));
    return last() - 1;
  }

  // Returns nullptr if the value is gone or never was.
  T* Get(uint64_t number) {
    return number < first_ || number >= last() ? nullptr
                                               : &values_[number - first_];
  }
  const T* Get(uint64_t number) const {
    return const_cast<Numbered*>(this)->Get(number);
  }

  // REQUIRES: size() > 0.
  void PopOldest() {
    values_.pop_front();
    ++first_;
  }

  // Every value that is here has a number in [first, last).
  uint64_t first() const { return first_; }
  uint64_t last() const { return first_ + values_.size(); }
  size_t size() const { return values_.size(); }

 private:
  uint64_t first_ = 0;
  std::deque<T> values_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_NUMBERED_H_
