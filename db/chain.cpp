#include "db/chain.h"

#include <sodium.h>

namespace db {

namespace {

constexpr std::string_view kGenesis = "flashline chain 1";

void put_big_endian(std::vector<std::uint8_t>& buffer, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) buffer.push_back(static_cast<std::uint8_t>(value >> shift));
}

Sha256 hash_of(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, first.data(), first.size());
  crypto_hash_sha256_update(&state, second.data(), second.size());
  Sha256 hash;
  crypto_hash_sha256_final(&state, hash.data());
  return hash;
}

}  // namespace

Sha256 genesis(const Uuid& installation) {
  return hash_of({reinterpret_cast<const std::uint8_t*>(kGenesis.data()), kGenesis.size()}, installation.bytes);
}

void RowHasher::begin(std::string_view table) {
  buffer_.clear();
  buffer_.push_back(static_cast<std::uint8_t>(table.size()));
  buffer_.insert(buffer_.end(), table.begin(), table.end());
}

void RowHasher::integer(int position, std::int64_t value) {
  buffer_.push_back(static_cast<std::uint8_t>(position));
  buffer_.push_back('I');
  put_big_endian(buffer_, static_cast<std::uint64_t>(value), 8);
}

void RowHasher::text(int position, std::string_view value) {
  bytes(position, 'T', value.data(), value.size());
}

void RowHasher::blob(int position, std::span<const std::uint8_t> value) {
  bytes(position, 'B', value.data(), value.size());
}

Sha256 RowHasher::finish(const Sha256& previous) const {
  return hash_of(previous, buffer_);
}

void RowHasher::bytes(int position, char tag, const void* data, std::size_t size) {
  buffer_.push_back(static_cast<std::uint8_t>(position));
  buffer_.push_back(static_cast<std::uint8_t>(tag));
  put_big_endian(buffer_, size, 4);
  const auto* first = static_cast<const std::uint8_t*>(data);
  buffer_.insert(buffer_.end(), first, first + size);
}

}  // namespace db
