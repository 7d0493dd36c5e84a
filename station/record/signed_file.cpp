#include "station/record/signed_file.h"

#include <filesystem>

#include "config/files.h"
#include "db/error.h"
#include "db/reader.h"
#include "station/record/output_file.h"

namespace station {

namespace {

std::string key_of_record(const std::string& database) {
  const std::vector<db::StationInfo> stations = db::Reader(database).stations();
  return stations.empty() ? std::string() : stations.front().public_key;
}

std::string cannot_be_written(const QSaveFile& file) {
  return file.fileName().toStdString() + " cannot be written: " + why_it_failed(file) + ". Name another file.";
}

std::string open(QSaveFile& file) {
  if (const auto why = why_not_written(file.fileName().toStdString())) return *why;
  return file.open(QIODevice::WriteOnly) ? std::string() : cannot_be_written(file);
}

std::string complete(QSaveFile& file, const std::string& text) {
  const auto size = static_cast<qint64>(text.size());
  return file.write(text.data(), size) == size && commit_whole(file, size) ? std::string() : cannot_be_written(file);
}

}  // namespace

std::string short_text(const std::string& path) {
  constexpr std::size_t most_bytes = std::size_t{1} << 20;
  const auto read = config::read_file(path, most_bytes);
  const auto* bytes = std::get_if<dfu::Bytes>(&read);
  return bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
}

std::string key_path(const std::string& database) {
  std::error_code failure;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(database, failure);
  return (failure ? database : canonical.string()) + ".key";
}

std::string write_signed(const std::string& path, const std::string& text, const std::string& comment,
                         const db::StationKey& key) {
  SignedFile file(path);
  return file.problem().empty() ? file.write(text, comment, key) : file.problem();
}

std::string write_file(const std::string& path, const std::string& text) {
  QSaveFile file(QString::fromStdString(path));
  const std::string problem = open(file);
  return problem.empty() ? complete(file, text) : problem;
}

SignedFile::SignedFile(const std::string& path)
    : text_(QString::fromStdString(path)),
      signature_(QString::fromStdString(path + ".minisig")),
      problem_(open(text_)) {
  if (problem_.empty()) problem_ = open(signature_);
}

std::string SignedFile::write(const std::string& text, const std::string& comment, const db::StationKey& key) {
  // The signature first: a text that is there has one.
  const std::string problem = complete(signature_, key.sign(text, comment));
  return problem.empty() ? complete(text_, text) : problem;
}

std::optional<db::PublicKey> public_key_from(const std::string& words_or_file) {
  return db::parse_public_key(std::filesystem::exists(words_or_file) ? short_text(words_or_file) : words_or_file);
}

std::string not_signed_by(const db::Verification& verified, const db::PublicKey& key) {
  if (verified.chains.empty()) return "it holds no rows.";
  for (const db::ChainVerification& chain : verified.chains) {
    if (chain.excerpts.empty()) return "the rows of station " + chain.station + " are not an export of an order.";
    for (const db::ExcerptVerification& excerpt : chain.excerpts) {
      if (db::check_signature(excerpt.statement, excerpt.signature, key) == db::SignatureCheck::good) continue;
      return "the excerpt of order " + excerpt.says.order + " is not signed by the key that was given.";
    }
    if (chain.whole > 0) {
      return "row " + std::to_string(chain.whole) + " of station " + chain.station +
             " is none of those that the station signed.";
    }
  }
  return {};
}

SignatureReport check_signed_file(const std::string& path, const std::string& text, const std::string& key,
                                  const std::string& database) {
  const std::string signature_file = path + ".minisig";
  if (!std::filesystem::exists(signature_file)) {
    if (key.empty())
      return {true, "no: there is no " + signature_file + ", so it may have been changed by any holder of the file"};
    return {false, "NO: a key was given, and there is no " + signature_file};
  }
  const std::string from =
      key.empty() ? "the key that this record names; --key with one from elsewhere proves more" : "the key given";
  const auto public_key = key.empty() ? db::parse_public_key(key_of_record(database)) : public_key_from(key);
  if (!public_key) return {false, "CANNOT BE CHECKED: there is no public key in " + (key.empty() ? database : key)};
  switch (db::check_signature(text, short_text(signature_file), *public_key)) {
    case db::SignatureCheck::good:
      return {true, "yes, by " + from};
    case db::SignatureCheck::wrong:
      return {false, "WRONG: the file is not as it was signed"};
    case db::SignatureCheck::other_key:
      return {false, "BY ANOTHER KEY than " + from};
    case db::SignatureCheck::malformed:
      return {false, "CANNOT BE CHECKED: " + signature_file + " is not a minisign signature"};
  }
  return {false, {}};
}

}  // namespace station
