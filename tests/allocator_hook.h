// Whether a test program may put its own `operator new` in place: the thread
// sanitizer of clang brings one that cannot be replaced.
#ifndef SPANLINK_TESTS_ALLOCATOR_HOOK_H_
#define SPANLINK_TESTS_ALLOCATOR_HOOK_H_

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SPANLINK_ALLOCATOR_IS_TAKEN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define SPANLINK_ALLOCATOR_IS_TAKEN 1
#endif

#endif  // SPANLINK_TESTS_ALLOCATOR_HOOK_H_
