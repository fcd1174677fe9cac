// Decoding of `content-encoding: gzip` and `deflate` bodies.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace aisix::http {

// A stream of one or more gzip (or zlib) members. Not movable.
class GzipDecoder {
 public:
  enum class Result { kMore, kFailed };

  // Null when memory is short.
  static std::unique_ptr<GzipDecoder> Make();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder();

  // The next input; borrowed until has_input() is false.
  void Feed(std::string_view input);
  bool has_input() const { return stream_.avail_in > 0; }
  // Decodes into `out`; `*produced` bytes. More may be waiting when all `size` bytes were produced.
  Result Decode(char* out, size_t size, size_t* produced);
  // Whether the input may end here.
  bool at_end() const { return at_end_; }

 private:
  GzipDecoder() = default;

  z_stream stream_{};
  bool at_end_ = false;
};

}  // namespace aisix::http
