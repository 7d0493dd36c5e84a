#include "station/diagnostics/archive.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include <zlib.h>

namespace station {

namespace {

constexpr std::size_t block = 512;

// A field of digits in base 8, with a zero byte at its end.
void put_octal(std::string& header, std::size_t at, std::size_t digits, std::uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%0*llo", static_cast<int>(digits), static_cast<unsigned long long>(value));
  header.replace(at, digits, text.data(), digits);
}

// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, "ustar Interchange Format"
std::string header_of(const ArchivedFile& file, std::time_t at) {
  constexpr std::size_t longest_name = 100, checksum_at = 148;
  std::string header(block, '\0');
  const std::string name = file.name.substr(0, longest_name);
  header.replace(0, name.size(), name);
  put_octal(header, 100, 7, 0644);
  put_octal(header, 108, 7, 0);  // owner and group: nobody's
  put_octal(header, 116, 7, 0);
  put_octal(header, 124, 11, file.text.size());
  put_octal(header, 136, 11, static_cast<std::uint64_t>(std::max<std::time_t>(at, 0)));
  header.replace(checksum_at, 8, 8, ' ');
  header[156] = '0';  // a regular file
  header.replace(257, 8, std::string("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  put_octal(header, checksum_at, 6, sum);
  header[checksum_at + 6] = '\0';
  return header;
}

std::string gzipped(std::string& text) {
  constexpr int gzip_with_largest_window = 15 + 16, memory_level = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_with_largest_window, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("there is no memory to compress the files");
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::string tar_gz(const std::vector<ArchivedFile>& files, std::time_t at) {
  std::string tar;
  for (const ArchivedFile& file : files) {
    tar += header_of(file, at) + file.text;
    tar.append((block - file.text.size() % block) % block, '\0');
  }
  tar.append(2 * block, '\0');
  return gzipped(tar);
}

}  // namespace station
