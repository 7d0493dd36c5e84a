#include "dfu/image/inflate.h"

#include <algorithm>

#include <zlib.h>

namespace dfu {

std::optional<Bytes> inflate(ByteView packed, std::size_t most) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  stream.next_in = const_cast<Bytef*>(packed.data());  // zlib does not write there
  stream.avail_in = static_cast<uInt>(packed.size());
  Bytes out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= most) {
    // Grows with what is really there: a stream may claim any size.
    const std::size_t before = out.size();
    out.resize(std::min<std::size_t>(most + 1, before + std::max<std::size_t>(before, 16384)));
    stream.next_out = out.data() + before;
    stream.avail_out = static_cast<uInt>(out.size() - before);
    status = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (status == Z_BUF_ERROR) break;
  }
  const bool all_used = stream.avail_in == 0;
  inflateEnd(&stream);
  if (status != Z_STREAM_END || !all_used || out.size() > most) return std::nullopt;
  return out;
}

}  // namespace dfu
