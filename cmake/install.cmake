# `find_package(spanlink CONFIG)` and the target `spanlink::spanlink`.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/spanlink)

install(TARGETS spanlink EXPORT spanlink)
install(TARGETS spanlink_command)
foreach(header IN LISTS SPANLINK_HEADERS)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${header}
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/spanlink/${folder})
endforeach()
target_include_directories(spanlink INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(EXPORT spanlink NAMESPACE spanlink:: FILE spanlink-targets.cmake
        DESTINATION ${package_dir})
configure_package_config_file(
  cmake/spanlink-config.cmake.in spanlink-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(spanlink-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/spanlink-config.cmake
              ${PROJECT_BINARY_DIR}/spanlink-config-version.cmake
        DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
