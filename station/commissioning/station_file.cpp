#include "station/commissioning/station_file.h"

#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "config/files.h"
#include "config/station_config.h"
#include "station/output/output.h"

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

// Behind a link, the file that it means.
fs::path meant(const std::string& named) {
  std::error_code error;
  const fs::path known = fs::weakly_canonical(named, error);
  return error ? fs::path(named) : known;
}

// Beside the file and good, or a sentence; then nothing is left of it.
std::optional<std::string> write_beside(const std::string& named, const fs::path& fresh, const std::string& whole) {
  const fs::path file = meant(named);
  std::error_code error;
  if (!write_new(fresh, whole)) return named + " cannot be written: there is no room or no right to write beside it.";
  if (fs::exists(file, error)) fs::permissions(fresh, fs::status(file, error).permissions(), error);
  const config::StationResult result = config::load_station(fresh);
  if (result.station) return std::nullopt;
  const std::string reason = result.diagnostics.empty() ? "" : ": " + config::to_string(result.diagnostics.front());
  fs::remove(fresh, error);
  return named + " would not be a good station file with the new slot in it" + reason;
}

fs::path beside(const std::string& named) {
  return meant(named).string() + ".new";
}

}  // namespace

std::optional<std::string> try_station_file(const std::string& named, const std::string& whole) {
  const fs::path fresh = beside(named);
  auto problem = write_beside(named, fresh, whole);
  std::error_code error;
  fs::remove(fresh, error);
  return problem;
}

std::optional<std::string> replace_station_file(const std::string& named, const std::string& whole) {
  const fs::path fresh = beside(named);
  if (auto problem = write_beside(named, fresh, whole)) return problem;
  std::error_code error;
  fs::rename(fresh, meant(named), error);
  if (error) return named + " cannot be replaced: " + error.message() + ".";
  return std::nullopt;
}

std::optional<std::string> append_to_station_file(const std::string& named, const std::string& text) {
  std::error_code error;
  const fs::path file = meant(named);
  std::string whole;
  const bool exists = fs::exists(file, error);
  if (exists) {
    constexpr std::size_t most_bytes = std::size_t{1} << 20;  // as the loader has it
    const auto read = config::read_file(file, most_bytes);
    if (const auto* unreadable = std::get_if<config::Unreadable>(&read)) return named + " " + unreadable->problem + ".";
    const dfu::Bytes& bytes = std::get<dfu::Bytes>(read);
    whole.assign(bytes.begin(), bytes.end());
    if (!whole.empty() && whole.back() != '\n') whole += '\n';
  }
  return replace_station_file(named, whole + (exists ? text : text.substr(text.find_first_not_of('\n'))));
}

}  // namespace station
