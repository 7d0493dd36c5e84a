// Texts that leave the station with a signature beside them: FILE and FILE.minisig, as minisign has them.
#pragma once

#include <QSaveFile>
#include <optional>
#include <string>

#include "db/signature.h"
#include "db/verify.h"

namespace station {

// Where the key of the station that writes this database lies.
std::string key_path(const std::string& database);

// A text that will leave with its signature. Its place is made sure of before there is anything to write: what is put
// on record for it, such as the end of an order, cannot be taken back.
class SignedFile {
 public:
  explicit SignedFile(const std::string& path);
  // Why it cannot be written; empty: it can, as far as can be seen now.
  const std::string& problem() const { return problem_; }
  // Both files appear whole or not at all. Empty, or what went wrong, in sentences. REQUIRES: no problem; once.
  std::string write(const std::string& text, const std::string& comment, const db::StationKey& key);

 private:
  QSaveFile text_, signature_;
  std::string problem_;
};

// Both files appear whole or not at all. Empty, or what went wrong, in sentences.
std::string write_signed(const std::string& path, const std::string& text, const std::string& comment,
                         const db::StationKey& key);

// Whole or not at all. Empty, or what went wrong, in sentences.
std::string write_file(const std::string& path, const std::string& text);

// Of a file of a few lines, as an anchor, a signature or a key is. Empty where there is none.
std::string short_text(const std::string& path);

// Of the text itself, or of the file with that name.
std::optional<db::PublicKey> public_key_from(const std::string& words_or_file);

// Empty if there are rows that came as the export of an order, all of them, each signed by `key`.
std::string not_signed_by(const db::Verification& verified, const db::PublicKey& key);

struct SignatureReport {
  bool good = true;  // also of a file without a signature: the text says so
  std::string text;
};
// `key`: a public key or the name of a file with one; empty: the key that the database itself names, which proves less.
SignatureReport check_signed_file(const std::string& path, const std::string& text, const std::string& key,
                                  const std::string& database);

}  // namespace station
