// May a command write its result to the file that its user named? A typing mistake must not destroy a record, a key or
// a station file: these are never written over, whichever record they belong to. Any thread; looks at the disk.
#pragma once

#include <QSaveFile>
#include <optional>
#include <string>

namespace station {

// Nothing: it may; another file that is there is replaced, and "" is standard output. Else why not, in sentences that
// say what to do.
std::optional<std::string> why_not_written(const std::string& path);

// Gives the file its name, if all of its `size` bytes are in it. Qt takes a write for a good one of which the disk took
// a part only, so that a full disk would leave a file that was cut off under the name of a whole one. A file that gets
// no name goes with `file`.
bool commit_whole(QSaveFile& file, qint64 size);
// Of a file that could not be written.
std::string why_it_failed(const QSaveFile& file);

}  // namespace station
