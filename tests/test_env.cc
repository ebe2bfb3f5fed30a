#include "spanlink/tests/test_env.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace spanlink::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRootMarker = "WORKSPACE";

std::optional<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "test_env: %s\n", message.c_str());
  std::abort();
}

}  // namespace

std::string SourceDir() {
  if (auto dir = Variable("SPANLINK_SOURCE_DIR")) return *dir;
  for (fs::path dir = fs::current_path();; dir = dir.parent_path()) {
    if (fs::exists(dir / kRootMarker)) return dir.string();
    if (dir == dir.root_path()) break;
  }
  Die("no checkout here: set SPANLINK_SOURCE_DIR to its root");
}

std::string ReadSourceFile(std::string_view path) {
  const std::string full = SourceDir() + "/" + std::string(path);
  std::optional<std::string> text = ReadFile(full);
  if (!text) Die("cannot read " + full);
  return *std::move(text);
}

std::optional<std::string> SharedDir() {
  if (auto dir = Variable("SPANLINK_SHARED")) {
    if (fs::is_directory(*dir)) return dir;
    return std::nullopt;
  }
  // Under Bazel the marker is a link into the real checkout.
  std::error_code error;
  const fs::path root =
      fs::canonical(fs::path(SourceDir()) / kRootMarker, error).parent_path();
  if (error) return std::nullopt;
  const fs::path shared = root.parent_path() / "shared";
  if (!fs::is_directory(shared)) return std::nullopt;
  return shared.string();
}

std::string Binary() {
  if (auto path = Variable("SPANLINK_BINARY")) return *path;
  const std::string path = SourceDir() + "/cli/spanlink";
  if (!fs::is_regular_file(path)) {
    Die("no command here: set SPANLINK_BINARY to the built `spanlink`");
  }
  return path;
}

bool IsFull() { return Variable("SPANLINK_FULL") == "1"; }

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace spanlink::testing
