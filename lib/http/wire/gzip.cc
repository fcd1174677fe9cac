#include "lib/http/wire/gzip.h"

namespace aisix::http {

std::unique_ptr<GzipDecoder> GzipDecoder::Make() {
  std::unique_ptr<GzipDecoder> decoder(new GzipDecoder);
  constexpr int kGzipOrZlib = 32;
  if (inflateInit2(&decoder->stream_, MAX_WBITS + kGzipOrZlib) != Z_OK) return nullptr;
  return decoder;
}

GzipDecoder::~GzipDecoder() {
  inflateEnd(&stream_);
}

void GzipDecoder::Feed(std::string_view input) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_.avail_in = static_cast<uInt>(input.size());
}

GzipDecoder::Result GzipDecoder::Decode(char* out, size_t size, size_t* produced) {
  stream_.next_out = reinterpret_cast<Bytef*>(out);
  stream_.avail_out = static_cast<uInt>(size);
  Result result = Result::kMore;
  while (stream_.avail_out > 0) {
    if (at_end_) {
      if (stream_.avail_in == 0) break;
      // RFC 1952 §2.2: a file is a series of members.
      if (inflateReset(&stream_) != Z_OK) return Result::kFailed;
      at_end_ = false;
    }
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      at_end_ = true;
      continue;
    }
    if (code == Z_BUF_ERROR) break;  // needs more input
    if (code != Z_OK) {
      result = Result::kFailed;
      break;
    }
    if (stream_.avail_in == 0 && stream_.avail_out > 0) break;
  }
  *produced = size - stream_.avail_out;
  return result;
}

}  // namespace aisix::http
