// Lines that are longer than the screen is wide are broken where a reader expects it: between two columns of a table,
// else between two words. Pure.
#pragma once

#include <string>
#include <string_view>

namespace station {

// Of a text with line breaks, each line by itself. What follows is indented to a column of the line, so that it is seen
// to belong to it. What has no blank, such as a path or a hash, stays whole. `width` 0: as it is.
std::string folded(std::string_view text, int width);

// Columns of standard output: of the terminal, or what COLUMNS says; 0: nobody limits it.
int width_of_output();

}  // namespace station
