// TestEnv: where a test finds the checkout, the shared data and the command.
//
// The same answers under Bazel, under ctest and by hand: an environment
// variable wins (`SPANLINK_SOURCE_DIR`, `SPANLINK_SHARED`, `SPANLINK_BINARY`);
// otherwise the nearest folder at or above the working directory that holds a
// file `WORKSPACE` is the checkout, which under Bazel is the runfiles folder
// and holds what the test names as `data`.
//
// Thread safety: Thread-safe as long as nobody changes the environment.
#ifndef SPANLINK_TESTS_TEST_ENV_H_
#define SPANLINK_TESTS_TEST_ENV_H_

#include <optional>
#include <string>
#include <string_view>

namespace spanlink::testing {

// Returns the root of the checkout, without a slash at the end. Aborts with a
// message if there is none.
std::string SourceDir();

// Returns the text of a file below `SourceDir()`, e.g.
// "tests/testdata/tree.json". Aborts with a message if it cannot be read.
std::string ReadSourceFile(std::string_view path);

// Returns the folder of data that several projects share, or nullopt if this
// checkout has none beside it: then the test says so with `GTEST_SKIP`.
std::optional<std::string> SharedDir();

// Returns the path of the built `spanlink` command. Aborts with a message if
// it was not built.
std::string Binary();

// Returns whether tests are to shorten nothing, as `./dev test --full` asks by
// SPANLINK_FULL=1.
bool IsFull();

// Returns the text of the file at `path`, nullopt if it cannot be read.
std::optional<std::string> ReadFile(const std::string& path);

}  // namespace spanlink::testing

#endif  // SPANLINK_TESTS_TEST_ENV_H_
