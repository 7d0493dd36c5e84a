// A man page of each command, in the language of man(7). Pure.
#pragma once

#include <string>
#include <string_view>

#include "station/cli/command_tree.h"

namespace station {

// "flashline-job-open": also the name of its file, without the section.
std::string page_name(const CommandNode& command);
// `top`: the whole program, whose other commands are named at the end.
std::string man_page(const CommandNode& top, const CommandNode& command, std::string_view version);

}  // namespace station
