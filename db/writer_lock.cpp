#include "db/writer_lock.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/error.h"

namespace db {

namespace {

std::string lock_path(const std::string& database_path) {
  return database_path + ".lock";
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// "pid 1234\nrun 0193...\nhead 512 a1b2...\n"
struct Holder {
  std::string pid;
  std::optional<Uuid> run;
  std::optional<WriterLock::Noted> noted;
};

std::optional<WriterLock::Noted> noted_in(const std::string& line) {
  constexpr std::size_t digits_of_hash = 64;
  const std::size_t blank = line.find(' ');
  WriterLock::Noted noted;
  const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), noted.seq);
  if (blank == std::string::npos || problem != std::errc() || end != line.data() + blank || noted.seq < 1) return {};
  noted.hash = line.substr(blank + 1);
  return noted.hash.size() == digits_of_hash ? std::optional(noted) : std::nullopt;
}

std::string word_after(const std::string& text, const std::string& key) {
  const std::size_t found = text.find(key);
  if (found == std::string::npos) return {};
  const std::size_t begin = found + key.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

Holder read_holder(int file) {
  std::array<char, 256> buffer{};
  const ssize_t size = ::pread(file, buffer.data(), buffer.size(), 0);
  const std::string text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return {word_after(text, "pid "), parse_uuid(word_after(text, "run ")), noted_in(word_after(text, "\nhead "))};
}

Error in_use(const std::string& database_path, const Holder& holder) {
  const std::string who = holder.pid.empty() ? "Another program" : "The program with process number " + holder.pid;
  return {Trouble::in_use, who + " is writing to " + database_path +
                               ". Only one can: stop it, or give this one another database with --db."};
}

// By another name the same file would have another lock, and two programs would write it.
void refuse_second_names(const std::string& database_path) {
  struct stat file {};
  if (::stat(database_path.c_str(), &file) != 0) return;
  if (S_ISDIR(file.st_mode)) {  // it has several names by nature
    throw Error(Trouble::not_flashline, database_path +
                                            " is a folder, not a database. Name a file with --db, such as " +
                                            database_path + "/flashline.db.");
  }
  if (file.st_nlink < 2) return;
  throw Error(Trouble::in_use, database_path + " has " + std::to_string(file.st_nlink) +
                                   " names (hard links): a program that uses another name could write it at the same "
                                   "time. Remove the other names: find -samefile lists them.");
}

}  // namespace

WriterLock::WriterLock(const std::string& database_path, const Uuid& run) {
  refuse_second_names(database_path);
  const std::string path = lock_path(database_path);
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
  if (file_ < 0) {
    throw Error(Trouble::cannot_open, "Cannot create " + path + ": " + std::strerror(errno) +
                                          ". Check the permissions of its folder, or choose another with --db.");
  }
  struct flock lock = whole_file();
  if (::fcntl(file_, F_OFD_SETLK, &lock) != 0) {
    const Error error = errno == EAGAIN || errno == EACCES
                            ? in_use(database_path, read_holder(file_))
                            : Error(Trouble::cannot_open, "Cannot lock " + path + ": " + std::strerror(errno) + ".");
    ::close(file_);
    throw error;
  }
  earlier_ = read_holder(file_).noted;
  const std::string text = "pid " + std::to_string(::getpid()) + "\nrun " + to_string(run) + "\n";
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    const int failure = errno;
    ::close(file_);
    throw Error(Trouble::cannot_write, "Cannot write " + path + ": " + std::strerror(failure) + ".");
  }
  note_at_ = static_cast<std::int64_t>(text.size());
}

// A chain never becomes shorter, so that a longer line covers the one before.
void WriterLock::note(const Head& head) const {
  const std::string line = "head " + std::to_string(head.seq) + " " + hex(head.hash) + "\n";
  [[maybe_unused]] const ssize_t written = ::pwrite(file_, line.data(), line.size(), note_at_);
}

WriterLock::~WriterLock() {
  ::close(file_);
}

std::optional<WriterLock::Noted> noted_by_last_writer(const std::string& database_path) {
  if (run_of_live_writer(database_path)) return std::nullopt;
  const int file = ::open(lock_path(database_path).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const std::optional<WriterLock::Noted> noted = read_holder(file).noted;
  ::close(file);
  return noted;
}

std::optional<Uuid> run_of_live_writer(const std::string& database_path) {
  const int file = ::open(lock_path(database_path).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct flock lock = whole_file();
  const bool held = ::fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  const std::optional<Uuid> run = held ? read_holder(file).run : std::nullopt;
  ::close(file);
  return run;
}

}  // namespace db
