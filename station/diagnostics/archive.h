// Files packed into one: a tar archive (POSIX ustar), compressed by gzip. Every system opens it. Pure.
#pragma once

#include <ctime>
#include <string>
#include <vector>

namespace station {

struct ArchivedFile {
  std::string name;  // "folder/file"; at most 100 bytes
  std::string text;
};

// `at`: the time that all of them get. Throws std::runtime_error where zlib has no memory.
std::string tar_gz(const std::vector<ArchivedFile>& files, std::time_t at);

}  // namespace station
