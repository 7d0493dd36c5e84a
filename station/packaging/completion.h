// Shell completion of commands, options, their words and files, for three shells. Pure.
#pragma once

#include <string>

#include "station/cli/command_tree.h"

namespace station {

std::string bash_completion(const CommandNode& top);
std::string zsh_completion(const CommandNode& top);
std::string fish_completion(const CommandNode& top);

}  // namespace station
