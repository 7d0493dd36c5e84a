// Writes the images of config/examples into the folder named on the command line: three Photon modules that are valid
// in every field, of the sizes of real ones, so that times are real as well; and a raw program. None of them does
// anything.
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

// Vectors of a Cortex-M, all of them to the same endless loop, then bytes that look like code.
dfu::Bytes program() {
  constexpr std::uint32_t base = 0x08000000, vectors = 98, size = 40000;
  dfu::Bytes bytes;
  dfu::append_le32(bytes, 0x20020000);
  for (std::uint32_t i = 1; i < vectors; ++i) dfu::append_le32(bytes, base + vectors * 4 + 1);
  for (std::uint32_t seed = 1; bytes.size() < size; seed = seed * 1664525 + 1013904223) dfu::append_le32(bytes, seed);
  return bytes;
}

bool write(const std::string& path, const dfu::Bytes& bytes) {
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
  const bool written = write(folder + "/system-part1.bin", build_module(system_part1())) &&
                       write(folder + "/system-part2.bin", build_module(system_part2())) &&
                       write(folder + "/user.bin", build_module(user_part())) &&
                       write(folder + "/program.bin", program());
  return written ? 0 : 73;
}
