#include "db/image_store.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "db/connection.h"
#include "db/regular_file.h"
#include "db/row_reader.h"

namespace db {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t shortest_prefix = 4;
// Four times the largest file that a recipe may name.
constexpr std::size_t most_image_bytes = std::size_t{256} << 20;

Sha256 hash_of(std::span<const std::uint8_t> bytes) {
  Sha256 hash;
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

Error cannot_keep(const std::string& file) {
  return {Trouble::cannot_write, "The image " + file + " cannot be kept: " + std::strerror(errno) +
                                     ". Make room or give this user the folder; --no-archive goes on without."};
}

bool write_whole(int file, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return fsync(file) == 0;
}

void sync_folder(const std::string& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() >= 0) fsync(descriptor.get());
}

std::optional<Sha256> digest_from(const std::string& hex_digits) {
  Sha256 digest{};
  std::size_t size = 0;
  if (hex_digits.size() != 64 ||
      sodium_hex2bin(digest.data(), digest.size(), hex_digits.data(), 64, nullptr, &size, nullptr) != 0) {
    return std::nullopt;
  }
  return digest;
}

// None where it cannot be read.
std::vector<fs::path> names_in(const fs::path& folder) {
  std::vector<fs::path> names;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    names.push_back(at->path());
  }
  return names;
}

}  // namespace

ImageStore::ImageStore(const std::string& database_path) : folder_(canonical_path(database_path) + ".images") {}

std::string ImageStore::file_of(const Sha256& sha256) const {
  const std::string name = hex(sha256);
  return folder_ + "/" + name.substr(0, 2) + "/" + name;
}

void ImageStore::put(const Sha256& sha256, std::span<const std::uint8_t> bytes) const {
  if (hash_of(bytes) != sha256) throw Error(Trouble::refused, "These bytes are not the image " + hex(sha256) + ".");
  if (std::holds_alternative<Bytes>(get(sha256))) return;
  const std::string file = file_of(sha256);
  const std::string folder = fs::path(file).parent_path();
  std::error_code failure;
  fs::create_directories(folder, failure);
  // Of a process of its own: two that keep the same image must not write into one file.
  const std::string part = file + "." + std::to_string(getpid()) + ".part";
  unlink(part.c_str());  // left by an earlier program with this number
  const Descriptor out(open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
  if (out.get() < 0) throw cannot_keep(file);
  if (!write_whole(out.get(), bytes) || std::rename(part.c_str(), file.c_str()) != 0) {
    const Error error = cannot_keep(file);
    unlink(part.c_str());
    throw error;
  }
  sync_folder(folder);
  sync_folder(folder_);
}

std::variant<ImageStore::Bytes, ImageStore::Missing, ImageStore::Altered> ImageStore::get(const Sha256& sha256) const {
  // The folder of the store may be a link to another disk; what is in it may not.
  const std::string name = hex(sha256);
  const Descriptor store(open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (store.get() < 0) return Missing{};
  const Descriptor part(openat(store.get(), name.substr(0, 2).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (part.get() < 0) return errno == ENOENT ? std::variant<Bytes, Missing, Altered>(Missing{}) : Altered{};
  auto read = read_regular(part.get(), name, Links::refused, most_image_bytes);
  if (auto* bytes = std::get_if<Bytes>(&read)) {
    if (hash_of(*bytes) != sha256) return Altered{};
    return std::move(*bytes);
  }
  if (std::get<Unreadable>(read) == Unreadable::missing) return Missing{};
  return Altered{};
}

void ImageStore::take_over(const ImageStore& other) const {
  for (const fs::path& part : names_in(other.folder_)) {
    std::error_code failure;
    if (!fs::is_directory(fs::symlink_status(part, failure))) continue;
    for (const fs::path& file : names_in(part)) {
      const std::optional<Sha256> digest = digest_from(file.filename());
      if (!digest) continue;
      const auto found = other.get(*digest);
      if (const auto* bytes = std::get_if<Bytes>(&found)) put(*digest, *bytes);
    }
  }
}

StoredImages check_images(const std::string& database_path) {
  const ImageStore store(database_path);
  SQLite::Database database = open_for_reading(canonical_path(database_path));
  return translated(database_path, [&] {
    StoredImages result;
    SQLite::Statement query(database, "SELECT sha256, min(name) FROM image GROUP BY sha256 ORDER BY 2, 1");
    while (query.executeStep()) {
      RowReader row(query);
      const Sha256 digest = row.sha256();
      const auto found = store.get(digest);
      if (std::holds_alternative<ImageStore::Bytes>(found)) {
        ++result.sound;
      } else {
        result.troubles.push_back({row.text(), digest, std::holds_alternative<ImageStore::Altered>(found)});
      }
    }
    return result;
  });
}

std::vector<Image> images_named(const std::string& database_path, const std::string& name_or_digits) {
  SQLite::Database database = open_for_reading(canonical_path(database_path));
  return translated(database_path, [&] {
    std::string digits = name_or_digits;
    for (char& c : digits) c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    if (digits.size() < shortest_prefix) digits = "-";
    std::map<Sha256, Image> found;  // the same bytes under two names are one image
    SQLite::Statement query(database, "SELECT sha256, name, size FROM image ORDER BY chain, seq");
    while (query.executeStep()) {
      RowReader row(query);
      Image image;
      image.sha256 = row.sha256();
      image.name = row.text();
      image.size = row.integer();
      if (image.name == name_or_digits || hex(image.sha256).starts_with(digits)) found.emplace(image.sha256, image);
    }
    std::vector<Image> images;
    images.reserve(found.size());
    for (auto& [digest, image] : found) images.push_back(std::move(image));
    return images;
  });
}

}  // namespace db
