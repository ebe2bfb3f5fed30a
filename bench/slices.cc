#include "spanlink/bench/slices.h"

#include <cstdio>
#include <iostream>
#include <sstream>

namespace spanlink::bench {
namespace {

void Print(const Figures& figures) {
  const char* separator = "{";
  for (const auto& [name, value] : figures) {
    std::printf("%s\"%s\": %.9g", separator, name.c_str(), value);
    separator = ", ";
  }
  std::puts("}");
}

}  // namespace

double SecondsOf(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

int ServeCases(const std::map<std::string, MakeCase>& cases) {
  std::map<std::string, Case> made;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    double seconds = 0;
    std::string name;
    words >> seconds >> name;
    Arguments arguments;
    for (std::string word; words >> word;) arguments.push_back(word);
    const auto known = cases.find(name);
    if (known == cases.end()) {
      std::fprintf(stderr, "no case %s\n", line.c_str());
      return 1;
    }
    Case& run = made[line.substr(line.find(' ') + 1)];
    if (!run) run = known->second(arguments);
    Print(run(seconds));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace spanlink::bench
