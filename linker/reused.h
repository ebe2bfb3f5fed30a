// Reused: a hash table, or a list, that finds its memory where the last one
// left it.
//
// Tables of scopes fill up and go again and again; growing costs them more than
// all that is put in. A table that did not grow beyond `kMost` places is
// emptied and left to the next.
//
// Lifetime: `spare` must outlive the table. Nothing of what a table held is
// left in it. Thread safety: Thread-compatible, with all that share a `spare`.
#ifndef SPANLINK_LINKER_REUSED_H_
#define SPANLINK_LINKER_REUSED_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace spanlink {

template <typename Table>
class Reused : public Table {
 public:
  // nullptr: an ordinary table.
  explicit Reused(Table* spare = nullptr) : spare_(spare) {
    if (spare_ != nullptr) this->swap(*spare_);
  }
  Reused(const Reused&) = delete;
  Reused& operator=(const Reused&) = delete;
  ~Reused() {
    if (spare_ == nullptr || this->capacity() > kMost) return;
    if (this->capacity() <= kKeptByClear) {
      this->clear();
    } else {
      this->erase(this->begin(), this->end());
    }
    if (spare_->capacity() < this->capacity()) this->swap(*spare_);
  }

 private:
  static constexpr size_t kMost = 1024;
  // Abseil's `clear` is quick, but gives the memory of larger tables back.
  static constexpr size_t kKeptByClear = 127;

  Table* const spare_;
};

// Lists that were left behind, at most `kMost` and of `kMostBytes` each.
template <typename T>
class SpareLists {
 public:
  std::vector<T> Take() {
    if (lists_.empty()) return {};
    std::vector<T> list = std::move(lists_.back());
    lists_.pop_back();
    return list;
  }
  void Keep(std::vector<T>&& list) {
    if (lists_.size() == kMost || list.capacity() * sizeof(T) > kMostBytes) {
      return;
    }
    list.clear();
    lists_.push_back(std::move(list));
  }

 private:
  static constexpr size_t kMost = 16;
  static constexpr size_t kMostBytes = size_t{4} << 10;

  std::vector<std::vector<T>> lists_;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_REUSED_H_
