#include "station/cli/files_under.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace station {

namespace {

namespace fs = std::filesystem;

void gather(const fs::path& folder, FilesUnder& found) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with('.')) entries.push_back(*at);
  }
  if (error) found.problems.push_back(folder.string() + " cannot be read (" + error.message() + ").");
  std::ranges::sort(entries, {}, [](const fs::directory_entry& entry) { return entry.path().filename().string(); });
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored)) found.files.push_back(entry.path().string());
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) gather(entry.path(), found);
  }
}

}  // namespace

FilesUnder files_under(const std::string& folder) {
  FilesUnder found;
  gather(folder, found);
  return found;
}

}  // namespace station
