// For tests of the loaders: a temporary folder, synthetic modules, and matchers for diagnostics.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "config/diagnostics.h"
#include "dfu/particle/build.h"

namespace config {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flashline-config-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string write(const std::string& name, const dfu::Bytes& bytes) const {
    return write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

 private:
  std::filesystem::path path_;
};

inline dfu::particle::ModuleSpec system_part(std::uint8_t index, std::uint16_t version,
                                             std::vector<dfu::particle::Dependency> dependencies = {}) {
  dfu::particle::ModuleSpec spec;
  spec.function = dfu::particle::Function::system_part;
  spec.index = index;
  spec.version = version;
  spec.start = index == 1 ? 0x08020000 : 0x08060000;
  spec.file_size = index == 1 ? 248732 : 151192;
  spec.dependencies = std::move(dependencies);
  return spec;
}

inline dfu::particle::ModuleSpec user_part(std::vector<dfu::particle::Dependency> dependencies = {}) {
  dfu::particle::ModuleSpec spec;
  spec.version = 2;
  spec.start = 0x080A0000;
  spec.file_size = 3952;
  spec.dependencies = std::move(dependencies);
  return spec;
}

inline dfu::particle::Dependency needs_part(std::uint8_t index, std::uint16_t version) {
  return {dfu::particle::Function::system_part, index, version};
}

// "12:9" of each diagnostic, in order.
inline std::vector<std::string> places(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& one : diagnostics) out.push_back(std::to_string(one.line) + ":" + std::to_string(one.column));
  return out;
}

inline std::string all(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& one : diagnostics) out += to_string(one) + "\n";
  return out;
}

}  // namespace config
