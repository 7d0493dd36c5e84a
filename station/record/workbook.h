// The part of a workbook in which a report names the row up to which it speaks: the custom properties of the document,
// as XML. Read with libzip out of a file that anybody may have made. Pure but for memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace station {

// Nothing: `file` is no ZIP archive. Empty: it has no such part, or one that is too large.
std::optional<std::string> properties_in_workbook(std::string_view file);

}  // namespace station
