# The Python extension `spanlink._core`; pyproject.toml builds it.
find_package(Python 3.10 REQUIRED
             COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
execute_process(
  COMMAND ${Python_EXECUTABLE} -c
          "import sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
  OUTPUT_VARIABLE SPANLINK_PYTHON_IS_FREE_THREADED
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(SPANLINK_PYTHON_IS_FREE_THREADED)
  message(FATAL_ERROR
    "spanlink does not support free-threaded Python: its callbacks rely on the "
    "GIL. Use the default build of Python ${Python_VERSION}.")
endif()
find_package(nanobind 3 CONFIG REQUIRED)

# One wheel a platform: any Python from 3.10 on, with PyPI's nanobind-backend.
nanobind_add_module(spanlink_python NOMINSIZE STABLE_ABI
  BACKEND_MODULE nanobind_backend NB_SUPPRESS_WARNINGS
  ${SPANLINK_PYTHON_SOURCES})
set_target_properties(spanlink_python PROPERTIES OUTPUT_NAME _core)
target_compile_features(spanlink_python PRIVATE cxx_std_20)
target_link_libraries(spanlink_python PRIVATE spanlink spanlink_flags)
target_compile_definitions(spanlink_python
  PRIVATE SPANLINK_VERSION="${PROJECT_VERSION}")
target_link_options(spanlink_python PRIVATE -Wl,--exclude-libs,ALL)
nanobind_add_stub(spanlink_python_stub MODULE _core
  OUTPUT _core.pyi PATTERN_FILE ${PROJECT_SOURCE_DIR}/python/module/_core.pat
  PYTHON_PATH $<TARGET_FILE_DIR:spanlink_python>
  DEPENDS spanlink_python)

install(TARGETS spanlink_python DESTINATION spanlink COMPONENT python)
install(FILES ${PROJECT_BINARY_DIR}/_core.pyi DESTINATION spanlink
        COMPONENT python)
