// The files of a folder and of the folders in it. Blocks on the disk.
#pragma once

#include <string>
#include <vector>

namespace station {

struct FilesUnder {
  std::vector<std::string> files;     // in the order of their names, folder by folder
  std::vector<std::string> problems;  // sentences about folders that could not be read
};

// Names begin with `folder` as it was given. Left out: hidden ones (".git"), what is no file (pipes, devices), and
// folders behind symbolic links, which lead to files that are found anyway, or around in circles.
FilesUnder files_under(const std::string& folder);

}  // namespace station
