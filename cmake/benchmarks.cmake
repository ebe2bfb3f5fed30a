# One program for each benchmark.
find_package(benchmark REQUIRED)

add_library(spanlink_bench_support STATIC ${SPANLINK_BENCH_SUPPORT_SOURCES})
target_link_libraries(spanlink_bench_support
  PUBLIC spanlink spanlink_flags benchmark::benchmark_main)

foreach(source IN LISTS SPANLINK_BENCHMARKS)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE spanlink_bench_support)
endforeach()
