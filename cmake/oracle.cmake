# What tests and benchmarks compare with: Google's protobuf over our own copy of
# the messages.
find_package(Protobuf REQUIRED)

set(oracle_dir ${PROJECT_BINARY_DIR}/oracle/spanlink/tests/proto)
file(MAKE_DIRECTORY ${oracle_dir})
add_custom_command(
  OUTPUT ${oracle_dir}/otlp.pb.cc ${oracle_dir}/otlp.pb.h
  COMMAND ${Protobuf_PROTOC_EXECUTABLE} -I ${PROJECT_SOURCE_DIR}/tests/proto
          --cpp_out=${oracle_dir} ${PROJECT_SOURCE_DIR}/tests/proto/otlp.proto
  DEPENDS tests/proto/otlp.proto)
add_library(spanlink_oracle STATIC ${oracle_dir}/otlp.pb.cc)
target_include_directories(spanlink_oracle SYSTEM
  PUBLIC ${PROJECT_BINARY_DIR}/oracle)
target_link_libraries(spanlink_oracle PUBLIC protobuf::libprotobuf)
