#include "station/signed_file.h"

#include <QSaveFile>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "db/error.h"
#include "db/reader.h"
#include "station/inputs.h"

namespace station {

namespace {

bool save(const std::string& path, const std::string& text, std::string& problem) {
  QSaveFile file(QString::fromStdString(path));
  const bool good = file.open(QIODevice::WriteOnly) &&
                    file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()) &&
                    file.commit();
  if (!good) problem = path + " cannot be written: " + file.errorString().toStdString();
  return good;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string key_of_record(const std::string& database) {
  const std::vector<db::StationInfo> stations = db::Reader(database).stations();
  return stations.empty() ? std::string() : stations.front().public_key;
}

}  // namespace

std::string key_path(const std::string& database) {
  std::error_code failure;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(database, failure);
  return (failure ? database : canonical.string()) + ".key";
}

ExitStatus write_signed(const std::string& path, const std::string& text, const std::string& comment,
                        const db::StationKey& key) {
  std::string problem;
  // The signature first: a text that is there has one.
  if (save(path + ".minisig", key.sign(text, comment), problem) && save(path, text, problem)) return ExitStatus::passed;
  return complain(ExitStatus::cannot_create, problem + ". Name another file.");
}

ExitStatus write_file(const std::string& path, const std::string& text) {
  std::string problem;
  if (save(path, text, problem)) return ExitStatus::passed;
  return complain(ExitStatus::cannot_create, problem + ". Name another file.");
}

SignatureReport check_signed_file(const std::string& path, const std::string& text, const std::string& key,
                                  const std::string& database) {
  const std::string signature_file = path + ".minisig";
  if (!std::filesystem::exists(signature_file)) {
    if (key.empty())
      return {true, "no: there is no " + signature_file + ", so whoever had the file may have changed it"};
    return {false, "NO: a key was given, and there is no " + signature_file};
  }
  std::string from = "the key given";
  std::string words = key;
  if (key.empty()) {
    words = key_of_record(database);
    from = "the key that this record names; --key with one from elsewhere proves more";
  } else if (std::filesystem::exists(key)) {
    words = read(key);
  }
  const auto public_key = db::parse_public_key(words);
  if (!public_key) return {false, "CANNOT BE CHECKED: there is no public key in " + (key.empty() ? database : key)};
  switch (db::check_signature(text, read(signature_file), *public_key)) {
    case db::SignatureCheck::good:
      return {true, "yes, by " + from};
    case db::SignatureCheck::wrong:
      return {false, "WRONG: the file is not as it was signed"};
    case db::SignatureCheck::other_key:
      return {false, "BY ANOTHER KEY than " + from};
    case db::SignatureCheck::malformed:
      return {false, "CANNOT BE CHECKED: " + signature_file + " is no signature of minisign's"};
  }
  return {false, {}};
}

}  // namespace station
