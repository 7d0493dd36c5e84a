// Texts that leave the station with a signature beside them: FILE and FILE.minisig, as minisign has them.
#pragma once

#include <string>

#include "db/signature.h"
#include "station/exit_status.h"

namespace station {

// Where the key of the station that writes this database lies.
std::string key_path(const std::string& database);

// Both files appear whole or not at all; says on stderr what went wrong.
ExitStatus write_signed(const std::string& path, const std::string& text, const std::string& comment,
                        const db::StationKey& key);

// Whole or not at all; says on stderr what went wrong.
ExitStatus write_file(const std::string& path, const std::string& text);

struct SignatureReport {
  bool good = true;  // also of a file without a signature: the text says so
  std::string text;
};
// `key`: a public key or the name of a file with one; empty: the key that the database itself names, which proves less.
SignatureReport check_signed_file(const std::string& path, const std::string& text, const std::string& key,
                                  const std::string& database);

}  // namespace station
