// The images themselves, beside the record that names them: the folder `<database>.images`, one read-only file an
// image, named by its SHA-256: ab/abcdef... Links, pipes and devices in it are no images. What is read back has been
// hashed again, so a file that was changed is found, and none can pass for another. The record says which images there
// were, with or without these files. Any thread, any process: a file appears whole or not at all. Errors: db::Error.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "db/values.h"

namespace db {

class ImageStore {
 public:
  explicit ImageStore(const std::string& database_path);

  // One that is there is read, and written again if it was changed. Throws where it cannot be written whole.
  // REQUIRES: `bytes` have this hash; other bytes are refused.
  void put(const Sha256& sha256, std::span<const std::uint8_t> bytes) const;

  using Bytes = std::vector<std::uint8_t>;
  struct Missing {};
  struct Altered {};  // it is there, and is not what its name says
  std::variant<Bytes, Missing, Altered> get(const Sha256& sha256) const;
  std::string file_of(const Sha256& sha256) const;

  // Every image of `other` whose file is sound: with a merge, or for a database that is archived. Those that are here
  // already stay.
  void take_over(const ImageStore& other) const;

 private:
  std::string folder_;
};

struct StoredImages {
  struct Trouble {
    std::string name;  // of the image, as the record has it
    Sha256 sha256{};
    bool altered = false;  // else missing
  };
  std::uint64_t sound = 0;
  std::vector<Trouble> troubles;
};
// Every image that the record names, each hash once, against its file.
StoredImages check_images(const std::string& database_path);

// Of an image on record: its whole SHA-256 from its first digits (4 or more), or from its name. Several: say which.
std::vector<Image> images_named(const std::string& database_path, const std::string& name_or_digits);

}  // namespace db
