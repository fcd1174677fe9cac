# Writes the schemas of SOURCE_DIR as string literals to OUTPUT, so that no path is opened at run time.
# cmake -DSOURCE_DIR=conf/schemas -DOUTPUT=embedded_schemas.cc -DKINDS=provider_key,model -P embed.cmake
string(REPLACE "," ";" kinds "${KINDS}")
set(text "#include \"admin_worker/schema/catalog.h\"\n\nnamespace aisix::admin {\n\n")
string(APPEND text "std::string_view EmbeddedSchema(model::Kind kind) {\n  switch (kind) {\n")
foreach(pair ${kinds})
  string(REPLACE ":" ";" pair "${pair}")
  list(GET pair 0 file)
  list(GET pair 1 enumerator)
  file(READ ${SOURCE_DIR}/${file}.schema.json schema)
  string(APPEND text "    case model::Kind::${enumerator}:\n      return R\"SCHEMA(${schema})SCHEMA\";\n")
endforeach()
string(APPEND text "  }\n  return {};\n}\n\n}  // namespace aisix::admin\n")
file(WRITE ${OUTPUT} "${text}")
