// Text in the columns of a terminal: how wide it is and how it is made to fit. UTF-8 in and out; what is not UTF-8 and
// what would move the cursor counts and shows as '?', so that no label or serial can break a screen. Pure.
#pragma once

#include <string>
#include <string_view>

namespace station {

// Columns that the text takes: 2 for an East Asian wide character, 0 for a combining mark.
int columns_of(std::string_view text);
// Exactly `width` columns: filled with blanks, or cut and ended by ".." where there is room for that.
std::string fit(std::string_view text, int width);
// The same with the blanks on the left; for numbers.
std::string fit_right(std::string_view text, int width);
// Not filled: at most `width` columns.
std::string cut(std::string_view text, int width);

}  // namespace station
