# One program for each test, and the core once more without exceptions.
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)

add_library(spanlink_test_support STATIC
            ${SPANLINK_TEST_SUPPORT_SOURCES} ${SPANLINK_FUZZ_SOURCES})
target_link_libraries(spanlink_test_support
  PUBLIC spanlink_cli spanlink_oracle spanlink_flags GTest::gmock GTest::gtest_main
         rapidcheck)

function(spanlink_test name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE spanlink_test_support)
  if(SPANLINK_SANITIZER)
    # Compiled in half the time; what they test stays as it is.
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name}
           COMMAND ${name} --gtest_output=xml:${PROJECT_BINARY_DIR}/reports/
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 ENVIRONMENT
    "SPANLINK_BINARY=$<TARGET_FILE:spanlink_command>;RC_PARAMS=seed=20240607")
endfunction()

foreach(source IN LISTS SPANLINK_TESTS)
  cmake_path(GET source STEM name)
  spanlink_test(${name} ${source})
endforeach()
spanlink_test(conformance_test ${SPANLINK_CONFORMANCE_SOURCES})

add_executable(embed_noexcept EXCLUDE_FROM_ALL
  ${SPANLINK_CORE_SOURCES} examples/embed.cc)
target_compile_options(embed_noexcept PRIVATE -fno-exceptions)
target_link_libraries(embed_noexcept
  PRIVATE spanlink_flags ${SPANLINK_LIBRARIES})
