# Flags that every target of the tree is compiled with.
add_compile_options(-Wall -Wextra -Werror)
# Frame pointers help debuggers and sanitizers; a release build does without them, and calls shared libraries without
# a detour through the procedure linkage table.
add_compile_options($<IF:$<CONFIG:Release>,-fno-plt,-fno-omit-frame-pointer>)
# g++ 12 makes symmetric transfer a tail call only with this flag: without it long chains of
# finished awaits overflow the stack at -O0, -O1 and -Og.
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-foptimize-sibling-calls>)
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fcoroutines>)
# Programs only, no shared libraries: one way to compile everything lets all targets share precompiled headers.
add_compile_options(-fPIE -pthread)
add_link_options(-pie -Wl,--as-needed -Wl,-z,relro -Wl,-z,now)

if(AISIX_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
else()
  add_compile_options($<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2> -fstack-protector-strong)
endif()

# Builds optimised by a profile: scripts/trained-build.
set(AISIX_PROFILE "" CACHE STRING "generate: count what runs; use: optimise by what was counted; empty: neither")
if(AISIX_PROFILE STREQUAL "generate")
  # Every loop of a worker counts.
  add_compile_options(-fprofile-generate -fprofile-update=prefer-atomic)
  add_link_options(-fprofile-generate)
elseif(AISIX_PROFILE STREQUAL "use")
  # What the training did not reach is optimised as if there were no profile; counts that threads took at the same time
  # need not agree to the last one.
  add_compile_options(-fprofile-use -fprofile-partial-training -fprofile-correction
                      -Wno-missing-profile -Wno-error=coverage-mismatch)
endif()

find_program(AISIX_CCACHE ccache)
if(AISIX_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${AISIX_CCACHE})
  # Without this ccache refuses files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${AISIX_CCACHE})
endif()

find_program(AISIX_MOLD mold)
if(AISIX_MOLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=mold)
endif()
