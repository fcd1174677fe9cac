# aisix_proto(proto_config config.proto)            messages
# aisix_proto(proto_config config.proto GRPC)       messages and service
function(aisix_proto name file)
  cmake_parse_arguments(A "GRPC" "" "DEPS" ${ARGN})
  get_filename_component(stem ${file} NAME_WE)
  set(out ${CMAKE_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${out})
  set(generated ${out}/${stem}.pb.cc)
  set(headers ${out}/${stem}.pb.h)
  set(arguments --cpp_out=${CMAKE_BINARY_DIR})
  if(A_GRPC)
    find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
    list(APPEND generated ${out}/${stem}.grpc.pb.cc)
    list(APPEND headers ${out}/${stem}.grpc.pb.h)
    list(APPEND arguments --grpc_out=${CMAKE_BINARY_DIR} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
  endif()
  add_custom_command(
    OUTPUT ${generated} ${headers}
    COMMAND protobuf::protoc ${arguments} -I ${CMAKE_SOURCE_DIR} proto/${file}
    DEPENDS ${CMAKE_SOURCE_DIR}/proto/${file} VERBATIM)
  add_library(${name} STATIC ${generated} ${headers})
  target_include_directories(${name} SYSTEM PUBLIC ${CMAKE_BINARY_DIR})
  target_compile_options(${name} PRIVATE -w)
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${A_DEPS})
  if(A_GRPC)
    target_link_libraries(${name} PUBLIC PkgConfig::GRPC)
  endif()
endfunction()
