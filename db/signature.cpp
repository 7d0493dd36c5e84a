#include "db/signature.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "db/error.h"
#include "db/regular_file.h"

namespace db {

namespace {

using Bytes = std::vector<std::uint8_t>;

// minisign's names of its algorithms: Ed25519 over the text, or over its BLAKE2b-512.
constexpr std::string_view plain = "Ed", hashed = "ED";
constexpr std::size_t id_size = 8, signature_size = crypto_sign_BYTES;

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.resize(std::strlen(text.c_str()));
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes bytes(text.size());
  std::size_t size = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

void append(Bytes& out, std::span<const std::uint8_t> more) {
  out.insert(out.end(), more.begin(), more.end());
}
void append(Bytes& out, std::string_view more) {
  out.insert(out.end(), more.begin(), more.end());
}

std::array<std::uint8_t, 64> digest_of(std::string_view text) {
  std::array<std::uint8_t, 64> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return digest;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    if (lines.back().ends_with('\r')) lines.back().remove_suffix(1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Error key_error(const std::string& path, const std::string& what) {
  return {Trouble::cannot_open, "The station's key " + path + " " + what};
}

// Complete on disk before it has its name: a key that was half written must not be found at the next start.
void write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string part = path + ".part";
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  bool good =
      file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  const int problem = errno;
  if (file >= 0) close(file);
  if (!good || std::rename(part.c_str(), path.c_str()) != 0) {
    throw key_error(path, std::string("cannot be written: ") + std::strerror(good ? errno : problem) + ".");
  }
}

std::string read_file(const std::string& path) {
  constexpr std::size_t most_bytes = 4096;  // ten times a key
  const auto read = read_regular(AT_FDCWD, path, Links::followed, most_bytes);
  if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&read)) return {bytes->begin(), bytes->end()};
  switch (std::get<Unreadable>(read)) {
    case Unreadable::not_regular:
      throw key_error(path, "is no regular file.");
    case Unreadable::too_large:
      throw key_error(path, "is larger than a key.");
    case Unreadable::missing:
    case Unreadable::failed:
      break;
  }
  throw key_error(path, std::string("cannot be read: ") + std::strerror(errno) + ".");
}

constexpr std::string_view untrusted_comment = "untrusted comment: signature by a flashline station\n";
constexpr std::string_view secret_comment = "flashline station key, keep secret";

}  // namespace

std::string to_string(const PublicKey& key) {
  Bytes bytes;
  append(bytes, plain);
  append(bytes, key.id);
  append(bytes, key.key);
  return base64(bytes);
}

std::optional<PublicKey> parse_public_key(std::string_view text) {
  for (const std::string_view line : lines_of(text)) {
    const auto bytes = from_base64(line);
    if (!bytes || bytes->size() != 2 + id_size + 32 || (*bytes)[0] != 'E' || (*bytes)[1] != 'd') continue;
    PublicKey key;
    std::copy_n(bytes->begin() + 2, id_size, key.id.begin());
    std::copy_n(bytes->begin() + 2 + id_size, key.key.size(), key.key.begin());
    return key;
  }
  return std::nullopt;
}

StationKey StationKey::load_or_make(const std::string& path) {
  if (sodium_init() < 0) throw key_error(path, "cannot be used: libsodium does not start.");
  if (!std::filesystem::exists(path)) {
    StationKey key;
    crypto_sign_keypair(key.public_key_.key.data(), key.secret_.data());
    randombytes_buf(key.public_key_.id.data(), id_size);
    Bytes bytes;
    append(bytes, key.public_key_.id);
    append(bytes, key.secret_);
    write_file(path, std::string(secret_comment) + "\n" + base64(bytes) + "\n", 0600);
  }
  StationKey key = load(path);
  if (!std::filesystem::exists(path + ".pub")) {
    write_file(path + ".pub", "untrusted comment: flashline station public key\n" + to_string(key.public_key_) + "\n",
               0644);
  }
  return key;
}

StationKey StationKey::load(const std::string& path) {
  if (sodium_init() < 0) throw key_error(path, "cannot be used: libsodium does not start.");
  StationKey key;
  const std::string text = read_file(path);
  const auto lines = lines_of(text);
  const auto bytes = lines.size() < 2 ? std::nullopt : from_base64(lines[1]);
  if (!bytes || lines[0] != secret_comment || bytes->size() != id_size + key.secret_.size()) {
    throw key_error(path,
                    "is not one that this program wrote. Put the right file back; without it nothing can be "
                    "signed as before.");
  }
  std::copy_n(bytes->begin(), id_size, key.public_key_.id.begin());
  std::copy_n(bytes->begin() + id_size, key.secret_.size(), key.secret_.begin());
  crypto_sign_ed25519_sk_to_pk(key.public_key_.key.data(), key.secret_.data());
  return key;
}

std::string StationKey::sign(std::string_view text, const std::string& comment) const {
  const auto digest = digest_of(text);
  std::array<std::uint8_t, signature_size> signature{}, global{};
  crypto_sign_detached(signature.data(), nullptr, digest.data(), digest.size(), secret_.data());
  Bytes signed_too(signature.begin(), signature.end());
  append(signed_too, comment);
  crypto_sign_detached(global.data(), nullptr, signed_too.data(), signed_too.size(), secret_.data());
  Bytes first;
  append(first, hashed);
  append(first, public_key_.id);
  append(first, signature);
  return std::string(untrusted_comment) + base64(first) + "\ntrusted comment: " + comment + "\n" + base64(global) +
         "\n";
}

bool is_as_written(std::string_view signature) {
  return signature.starts_with(untrusted_comment) && signature.ends_with('\n') &&
         std::ranges::count(signature, '\n') == 4 && signature.find('\r') == std::string_view::npos;
}

SignatureCheck check_signature(std::string_view text, std::string_view signature, const PublicKey& key) {
  constexpr std::string_view trusted = "trusted comment: ";
  const auto lines = lines_of(signature);
  if (lines.size() < 4 || !lines[2].starts_with(trusted)) return SignatureCheck::malformed;
  const auto first = from_base64(lines[1]), global = from_base64(lines[3]);
  if (!first || first->size() != 2 + id_size + signature_size || !global || global->size() != signature_size ||
      (*first)[0] != 'E' || (*first)[1] != 'D') {
    return SignatureCheck::malformed;
  }
  if (!std::equal(key.id.begin(), key.id.end(), first->begin() + 2)) return SignatureCheck::other_key;
  const std::uint8_t* made = first->data() + 2 + id_size;
  const auto digest = digest_of(text);
  Bytes signed_too(made, made + signature_size);
  append(signed_too, lines[2].substr(trusted.size()));
  const bool good =
      crypto_sign_verify_detached(made, digest.data(), digest.size(), key.key.data()) == 0 &&
      crypto_sign_verify_detached(global->data(), signed_too.data(), signed_too.size(), key.key.data()) == 0;
  return good ? SignatureCheck::good : SignatureCheck::wrong;
}

}  // namespace db
