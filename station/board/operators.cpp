#include "station/board/operators.h"

#include <QFile>
#include <QSaveFile>
#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

#include <sodium.h>

#include "config/files.h"
#include "reports/printable.h"
#include "station/record/output_file.h"

namespace station {

namespace {

constexpr unsigned long long hash_passes = 3;
constexpr std::size_t hash_memory = std::size_t{32} << 20;

void need_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used on this machine");
}

Operator operator_of(const std::string& path, const QString& line) {
  const QStringList parts = line.split('\t');
  const auto role = parts.size() == 3 ? parse_role(parts[1].toStdString()) : std::nullopt;
  if (!role) {
    throw std::runtime_error(path + " is damaged at '" + parts[0].toStdString() +
                             "'. Remove the file and add the operators again with `flashline operator add`.");
  }
  return {parts[0].toStdString(), *role, parts[2].toStdString()};
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::works:
      return "operator";
    case Role::supervises:
      return "supervisor";
  }
  return {};
}

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::works, Role::supervises}) {
    if (text == to_string(role)) return role;
  }
  return std::nullopt;
}

std::string operators_path(const std::string& database) {
  return database + ".operators";
}

std::vector<Operator> read_operators(const std::string& path) {
  constexpr std::size_t most_bytes = std::size_t{1} << 20;  // some thousand people
  std::error_code none;
  if (!std::filesystem::exists(path, none) && !none) return {};
  const auto read = config::read_file(path, most_bytes);
  if (const auto* unreadable = std::get_if<config::Unreadable>(&read)) {
    throw std::runtime_error(path + " " + unreadable->problem);
  }
  const dfu::Bytes& bytes = std::get<dfu::Bytes>(read);
  std::vector<Operator> operators;
  for (const QString& line :
       QString::fromUtf8(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()))
           .split('\n', Qt::SkipEmptyParts)) {
    operators.push_back(operator_of(path, line));
  }
  return operators;
}

void write_operators(const std::string& path, const std::vector<Operator>& operators) {
  QSaveFile file(QString::fromStdString(path));
  bool good = file.open(QIODevice::WriteOnly) && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
  qint64 all = 0;
  for (const Operator& one : operators) {
    const std::string line = one.name + "\t" + std::string(to_string(one.role)) + "\t" + one.pin_hash + "\n";
    all += static_cast<qint64>(line.size());
    good = good && file.write(line.data(), static_cast<qint64>(line.size())) == static_cast<qint64>(line.size());
  }
  if (good && commit_whole(file, all)) return;
  throw std::runtime_error(path + " cannot be written: " + why_it_failed(file));
}

const Operator* find_operator(const std::vector<Operator>& operators, std::string_view name) {
  const auto found = std::ranges::find(operators, name, &Operator::name);
  return found == operators.end() ? nullptr : &*found;
}

bool is_operator_name(std::string_view name) {
  const bool printable = reports::printable(name) == name;
  const auto length = QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())).size();
  return printable && length >= 1 && length <= 40;
}

bool is_pin(std::string_view pin) {
  return pin.size() >= 4 && pin.size() <= 64;
}

std::string hash_pin(std::string_view pin) {
  need_sodium();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), pin.data(), pin.size(), hash_passes, hash_memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::runtime_error("this machine does not have the 32 MiB of memory that hashing a PIN needs");
  }
  return hash.data();
}

bool is_right_pin(const std::string& hash, std::string_view pin) {
  need_sodium();
  return crypto_pwhash_str_verify(hash.c_str(), pin.data(), pin.size()) == 0;
}

std::string random_token() {
  need_sodium();
  std::array<unsigned char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::array<char, 2 * bytes.size() + 1> text{};
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  return text.data();
}

std::string digest_of(std::string_view token) {
  need_sodium();
  std::array<unsigned char, crypto_generichash_BYTES> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                     nullptr, 0);
  std::array<char, 2 * digest.size() + 1> text{};
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  return text.data();
}

}  // namespace station
