// Mutex: `std::mutex` with the annotations that clang's thread safety analysis
// reads.
//
// `absl::Mutex` would have them, but an Abseil from the system is not built for
// ThreadSanitizer, which then takes everything that such a mutex guards for a
// race.
//
// Thread safety: Thread-safe. No concurrent calls to any method cause a data
// race.
#ifndef SPANLINK_DISPATCH_MUTEX_H_
#define SPANLINK_DISPATCH_MUTEX_H_

#include <mutex>

#include "absl/base/thread_annotations.h"

namespace spanlink {

// Not recursive.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    return mutex_.try_lock();
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a `Mutex` for as long as it lives.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

}  // namespace spanlink

#endif  // SPANLINK_DISPATCH_MUTEX_H_
