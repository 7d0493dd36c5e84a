// Who may use the board, in a file beside the record (mode 0600): a line per person with name, role and the argon2id
// hash of a PIN, parted by tabs. Errors are std::runtime_error with a sentence; the hashes say nothing about the PINs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace station {

enum class Role {
  works,       // an operator: pauses, pairs labels, skips a slot
  supervises,  // and opens and closes orders, releases slots, decides about units
};
std::string_view to_string(Role role);  // "operator", "supervisor"
std::optional<Role> parse_role(std::string_view text);

struct Operator {
  std::string name;
  Role role = Role::works;
  std::string pin_hash;
};

std::string operators_path(const std::string& database);
// Empty if there is no such file.
std::vector<Operator> read_operators(const std::string& path);
// The new file replaces the old one at once.
void write_operators(const std::string& path, const std::vector<Operator>& operators);
const Operator* find_operator(const std::vector<Operator>& operators, std::string_view name);

// 1 to 40 characters that can be printed.
bool is_operator_name(std::string_view name);
// 4 to 64 bytes.
bool is_pin(std::string_view pin);

// Some tens of milliseconds and 32 MiB: guessing is dear, and the line is not held up.
std::string hash_pin(std::string_view pin);
bool is_right_pin(const std::string& hash, std::string_view pin);
// 256 bits nobody can guess, as text.
std::string random_token();
// What is kept of a token: it is of no use to somebody who reads it, and comparing it tells nothing about the token.
std::string digest_of(std::string_view token);

}  // namespace station
