// The hash chain that makes the record tamper-evident, one chain per station. This is the normative text of its format.
//
// Every row of a station has seq 1, 2, 3... over all tables of the record, and
//   hash(row) = SHA-256( hash of the row with seq - 1 (32 bytes) || canonical(row) )
//   hash before seq 1 = SHA-256( "flashline chain 1" (17 bytes of ASCII) || installation UUID (16 bytes) )
//   canonical(row) = length of the table name (1 byte) || table name (ASCII)
//                    || for each column that is not NULL, in the order of the table, without `chain` and `hash`:
//                       position of the column in the table, from 0 (1 byte; `chain` and `hash` count)
//                       'I' || value, 8 bytes, two's complement, big endian          INTEGER
//                       'T' || length in bytes, 4 bytes, big endian || UTF-8 bytes   TEXT
//                       'B' || length in bytes, 4 bytes, big endian || bytes         BLOB
// NULL is left out, so a column that a migration adds later leaves the hashes of older rows as they are. The record
// holds no floating-point numbers. `chain` is a local number and differs between databases that hold the same rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "db/values.h"

namespace db {

struct Head {
  std::int64_t seq = 0;
  Sha256 hash{};

  bool operator==(const Head&) const = default;
};

// The hash before seq 1.
Sha256 genesis(const Uuid& installation);

// Puts rows into canonical form, one after the other in the same buffer. Columns must come in the order of the table.
class RowHasher {
 public:
  void begin(std::string_view table);
  void integer(int position, std::int64_t value);
  void text(int position, std::string_view value);
  void blob(int position, std::span<const std::uint8_t> value);
  Sha256 finish(const Sha256& previous) const;

 private:
  void bytes(int position, char tag, const void* data, std::size_t size);

  std::vector<std::uint8_t> buffer_;
};

}  // namespace db
