# Headers that nearly every file includes cost over a second each time: they are compiled once, for all targets.
# A file still includes what it uses; these are found ready.
file(WRITE ${CMAKE_BINARY_DIR}/precompiled/empty.cc "")

add_library(aisix_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled/empty.cc)
target_link_libraries(aisix_precompiled PUBLIC absl::statusor absl::strings fmt::fmt)
target_precompile_headers(aisix_precompiled PRIVATE
  <algorithm> <array> <atomic> <coroutine> <cstdint> <functional> <map> <memory> <optional> <span> <string>
  <string_view> <utility> <variant> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <fmt/format.h>)

if(AISIX_TESTS)
  find_package(GTest REQUIRED)
  add_library(aisix_precompiled_test STATIC ${CMAKE_BINARY_DIR}/precompiled/empty.cc)
  target_link_libraries(aisix_precompiled_test PUBLIC absl::statusor absl::strings fmt::fmt GTest::gmock)
  target_precompile_headers(aisix_precompiled_test PRIVATE
    <algorithm> <atomic> <functional> <map> <memory> <optional> <span> <string> <string_view> <thread> <vector>
    <absl/status/status.h> <absl/status/statusor.h> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
endif()
