# aisix_library(lib_url SOURCES a.cc DEPS x)  a static library; includes are written from the root of the tree
# aisix_binary(aisix-x SOURCES main.cc DEPS y [WORKER])  an installed program; WORKER: to libexec
# aisix_test(url_test SOURCES a_test.cc DEPS lib_url)  a GoogleTest program, one ctest entry per case
function(aisix_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PUBLIC ${A_DEPS} absl::statusor fmt::fmt)
  target_precompile_headers(${name} REUSE_FROM aisix_precompiled)
endfunction()

function(aisix_binary name)
  cmake_parse_arguments(A "WORKER" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${A_DEPS} absl::statusor fmt::fmt)
  target_precompile_headers(${name} REUSE_FROM aisix_precompiled)
  if(A_WORKER)
    # 0711: a binary that cannot be read stays undumpable across execve.
    install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/aisix
            PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)
  else()
    install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

function(aisix_test name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT AISIX_TESTS)
    return()
  endif()
  include(GoogleTest)
  add_executable(${name} ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${A_DEPS} absl::statusor fmt::fmt GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM aisix_precompiled_test)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()
