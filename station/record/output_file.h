// May a command write its result to the file that its user named? A typing mistake must not destroy a record, a key or
// a station file: these are never written over, whichever record they belong to. Any thread; looks at the disk.
#pragma once

#include <optional>
#include <string>

namespace station {

// Nothing: it may; another file that is there is replaced, and "" is standard output. Else why not, in sentences that
// say what to do.
std::optional<std::string> why_not_written(const std::string& path);

}  // namespace station
