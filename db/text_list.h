// A list of texts as a JSON array, the form in which the record keeps serials. Pure. Inside db only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace db {

std::string encode_text(std::string_view text);  // "\"...\"", as it stands in the list
std::string encode_text_list(const std::vector<std::string>& texts);
// Reads what encode_text_list wrote; from anything else it takes what it can.
std::vector<std::string> decode_text_list(std::string_view json);

}  // namespace db
