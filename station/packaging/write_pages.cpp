// write_pages FOLDER: man pages of all commands and shell completion, into FOLDER/man1, bash, zsh and fish. Run by the
// build. Exit status 0: all are written.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "station/packaging/completion.h"
#include "station/packaging/man_page.h"

namespace {

namespace fs = std::filesystem;
using station::CommandNode;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  if (!(out << text).flush()) throw std::runtime_error(file.string() + " cannot be written");
}

void write_man_pages(const fs::path& folder, const CommandNode& top, const CommandNode& command) {
  write(folder / (station::page_name(command) + ".1"), station::man_page(top, command, FLASHLINE_VERSION));
  for (const CommandNode& inner : command.commands) write_man_pages(folder, top, inner);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_pages FOLDER\n";
    return 64;
  }
  try {
    const fs::path folder = argv[1];
    const CommandNode top = station::command_tree();
    write_man_pages(folder / "man1", top, top);
    write(folder / "bash/flashline", station::bash_completion(top));
    write(folder / "zsh/_flashline", station::zsh_completion(top));
    write(folder / "fish/flashline.fish", station::fish_completion(top));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "write_pages: " << error.what() << '\n';
    return 1;
  }
}
