# Libraries from Debian packages (scripts/dependencies.sh installs them); nothing is downloaded here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)

pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(YAMLCPP REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
# The build without TLS: BoringSSL is the only TLS library that may be loaded in any process.
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++_unsecure)

# llhttp comes as three C files; strict mode is a compile-time choice.
find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH REQUIRED)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH REQUIRED)
add_library(llhttp STATIC
  ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(llhttp PRIVATE -w $<$<CONFIG:Release>:-O3>)

# BoringSSL
if(BORINGSSL_ROOT)
  set(_ssl_include ${BORINGSSL_ROOT}/include)
  set(_ssl_hints ${BORINGSSL_ROOT}/lib)
else()
  set(_ssl_include /usr/include/android)
  set(_ssl_hints /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/android)
endif()
find_library(BORINGSSL_SSL ssl PATHS ${_ssl_hints} NO_DEFAULT_PATH REQUIRED)
find_library(BORINGSSL_CRYPTO crypto PATHS ${_ssl_hints} NO_DEFAULT_PATH REQUIRED)
get_filename_component(BORINGSSL_LIBRARY_DIR ${BORINGSSL_SSL} DIRECTORY)
add_library(boringssl_crypto INTERFACE)
target_include_directories(boringssl_crypto SYSTEM INTERFACE ${_ssl_include})
target_link_libraries(boringssl_crypto INTERFACE ${BORINGSSL_CRYPTO})
add_library(boringssl_ssl INTERFACE)
target_link_libraries(boringssl_ssl INTERFACE ${BORINGSSL_SSL} boringssl_crypto)
# Debian keeps this BoringSSL outside the loader's path.
list(APPEND CMAKE_BUILD_RPATH ${BORINGSSL_LIBRARY_DIR})
list(APPEND CMAKE_INSTALL_RPATH ${BORINGSSL_LIBRARY_DIR})
