# One program for each benchmark.
find_package(benchmark REQUIRED)
find_package(simdjson REQUIRED)

add_library(spanlink_bench_support STATIC ${SPANLINK_BENCH_SUPPORT_SOURCES})
target_link_libraries(spanlink_bench_support
  PUBLIC spanlink spanlink_oracle spanlink_flags simdjson::simdjson
         benchmark::benchmark_main)

foreach(source IN LISTS SPANLINK_BENCHMARKS)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE spanlink_bench_support)
endforeach()
