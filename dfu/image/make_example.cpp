// Writes the images of config/examples/photon.toml into the folder named on the command line: three modules that are
// valid in every field and do nothing. The sizes are those of a real Photon's modules, so that times are real as well.
#include <cstdio>
#include <fstream>
#include <string>

#include "dfu/particle/build.h"

namespace {

using dfu::particle::Function;
using dfu::particle::ModuleSpec;

ModuleSpec system_part1() {
  ModuleSpec spec;
  spec.function = Function::system_part;
  spec.index = 1;
  spec.version = 3;
  spec.start = 0x08020000;
  spec.file_size = 248732;
  spec.seed = 1;
  return spec;
}

ModuleSpec system_part2() {
  ModuleSpec spec;
  spec.function = Function::system_part;
  spec.index = 2;
  spec.version = 3;
  spec.start = 0x08060000;
  spec.file_size = 151192;
  spec.dependencies = {{Function::system_part, 1, 3}};
  spec.seed = 2;
  return spec;
}

ModuleSpec user_part() {
  ModuleSpec spec;
  spec.function = Function::user_part;
  spec.index = 1;
  spec.version = 2;
  spec.start = 0x080A0000;
  spec.file_size = 86192;
  spec.dependencies = {{Function::system_part, 2, 1}};
  spec.seed = 3;
  return spec;
}

bool write(const std::string& path, const ModuleSpec& spec) {
  const dfu::Bytes bytes = build_module(spec);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) std::fprintf(stderr, "make_example_images: cannot write %s\n", path.c_str());
  return !file.fail();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_example_images FOLDER\n");
    return 64;
  }
  const std::string folder = argv[1];
  const bool written = write(folder + "/system-part1.bin", system_part1()) &&
                       write(folder + "/system-part2.bin", system_part2()) && write(folder + "/user.bin", user_part());
  return written ? 0 : 73;
}
