#include "station/record/workbook.h"

#include <memory>

#include <zip.h>

namespace station {

namespace {

constexpr zip_uint64_t most_bytes = 1 << 16;  // a report of a hundred stations has 20 kB there

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Close {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

std::optional<std::string> properties_in_workbook(std::string_view file) {
  if (!file.starts_with("PK")) return std::nullopt;
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(file.data(), file.size(), 0, &error);
  if (!source) return std::nullopt;
  const std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive) {
    zip_source_free(source);
    return std::nullopt;
  }
  constexpr const char* part = "docProps/custom.xml";
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(archive.get(), part, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) || stat.size > most_bytes) {
    return std::string();
  }
  const std::unique_ptr<zip_file_t, Close> opened(zip_fopen(archive.get(), part, 0));
  std::string text(stat.size, '\0');
  if (!opened || zip_fread(opened.get(), text.data(), stat.size) != static_cast<zip_int64_t>(stat.size)) {
    return std::string();
  }
  return text;
}

}  // namespace station
