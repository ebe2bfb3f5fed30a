# One program for each benchmark, and those of the gate.
find_package(benchmark REQUIRED)
find_package(simdjson REQUIRED)

add_library(spanlink_bench_support STATIC ${SPANLINK_BENCH_SUPPORT_SOURCES})
target_link_libraries(spanlink_bench_support
  PUBLIC spanlink spanlink_oracle spanlink_flags simdjson::simdjson
         benchmark::benchmark nlohmann_json::nlohmann_json)

foreach(source IN LISTS SPANLINK_BENCHMARKS)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  target_link_libraries(${name}
    PRIVATE spanlink_bench_support benchmark::benchmark_main)
endforeach()

# They bring their own main function. Boost: headers only.
find_path(SPANLINK_BOOST_DIR boost/unordered/unordered_flat_map.hpp REQUIRED)
foreach(source IN LISTS SPANLINK_GATE_PROGRAMS)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE spanlink_bench_support)
endforeach()
