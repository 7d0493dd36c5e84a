#include "station/station_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "config/station_config.h"
#include "station/output.h"

namespace station {

namespace {

namespace fs = std::filesystem;

// Through a power cut too: the bytes are on the disk before the name is.
bool write_new(const std::string& file, const std::string& text) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return false;
  const bool written = write_all(descriptor, text) && fsync(descriptor) == 0;
  return close(descriptor) == 0 && written;
}

}  // namespace

std::optional<std::string> append_to_station_file(const std::string& named, const std::string& text) {
  std::error_code error;
  // Behind a link, the file that it means.
  const fs::path known = fs::weakly_canonical(named, error);
  const fs::path file = error ? fs::path(named) : known;
  std::string whole;
  const bool exists = fs::exists(file, error);
  if (exists) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream old;
    old << in.rdbuf();
    if (!in) return named + " cannot be read.";
    whole = old.str();
    if (!whole.empty() && whole.back() != '\n') whole += '\n';
  }
  whole += exists ? text : text.substr(text.find_first_not_of('\n'));
  const fs::path fresh = file.string() + ".new";
  if (!write_new(fresh, whole)) return named + " cannot be written: there is no room or no right to write beside it.";
  if (exists) fs::permissions(fresh, fs::status(file, error).permissions(), error);
  const config::StationResult result = config::load_station(fresh);
  if (!result.station) {
    const std::string reason = result.diagnostics.empty() ? "" : ": " + config::to_string(result.diagnostics.front());
    fs::remove(fresh, error);
    return named + " would not be a good station file with the new slot in it" + reason;
  }
  fs::rename(fresh, file, error);
  if (error) return named + " cannot be replaced: " + error.message() + ".";
  return std::nullopt;
}

}  // namespace station
