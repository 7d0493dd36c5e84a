// Files that others may have put there: only regular ones are read, none is waited for, none is larger
// than its reader expects. Inside db only. Any thread; blocks on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace db {

enum class Unreadable {
  missing,
  not_regular,  // a folder, a pipe, a device; a link where links are not followed
  too_large,
  failed  // errno says why
};

enum class Links { followed, refused };  // refused: at the last name of the path

// Relative names are looked up in the folder that the descriptor `folder` is; AT_FDCWD: where this program works.
std::variant<std::vector<std::uint8_t>, Unreadable> read_regular(int folder, const std::string& path, Links links,
                                                                 std::size_t most_bytes);

// Of a descriptor: closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

}  // namespace db
