// The station's Ed25519 key and what it signs, in the format of minisign (jedisct1.github.io/minisign), so that
// `minisign -V -P KEY -m FILE` checks a certificate with no Flashline at all.
//
// A holder of the key can make any record and any certificate: it proves that a text came from this station, not that
// root on this station was honest. Errors: db::Error. Values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace db {

// "RW..." of 56 characters: algorithm, key id, key, in base64.
struct PublicKey {
  std::array<std::uint8_t, 8> id{};
  std::array<std::uint8_t, 32> key{};

  bool operator==(const PublicKey&) const = default;
};
std::string to_string(const PublicKey& key);
// Of the bare text, or of a whole minisign public-key file.
std::optional<PublicKey> parse_public_key(std::string_view text);

class StationKey {
 public:
  // Reads `path`; makes a key and the file (mode 0600) when there is none. The public half goes to `path`.pub.
  static StationKey load_or_make(const std::string& path);
  static StationKey load(const std::string& path);

  const PublicKey& public_key() const { return public_key_; }
  // The text of a .minisig file. `comment` is signed too; one line.
  std::string sign(std::string_view text, const std::string& comment) const;

 private:
  PublicKey public_key_;
  std::array<std::uint8_t, 64> secret_{};
};

enum class SignatureCheck { good, wrong, other_key, malformed };
// `signature`: the text of a .minisig file.
SignatureCheck check_signature(std::string_view text, std::string_view signature, const PublicKey& key);
// Byte for byte what `sign` writes, also where minisign does not look: the untrusted comment, what follows the end.
bool is_as_written(std::string_view signature);

}  // namespace db
