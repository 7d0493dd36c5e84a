#include "tests/db/failing_vfs.h"

#include <cstring>
#include <mutex>

#include <sqlite3.h>

namespace db {

struct FailingVfs::Impl {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  sqlite3_io_methods methods{};

  mutable std::mutex mutex;
  std::uint64_t operations = 0;
  std::uint64_t fail_at = 0;
  int code = SQLITE_OK;
  Times times = Times::once;
  bool failed = false;

  // SQLITE_OK, or what the operation that begins now ends with.
  int count() {
    const std::lock_guard lock(mutex);
    ++operations;
    const bool fails = fail_at != 0 && (times == Times::once ? operations == fail_at : operations >= fail_at);
    failed = failed || fails;
    return fails ? code : SQLITE_OK;
  }
};

namespace {

// What SQLite holds: its methods, and behind it the real file.
struct File {
  sqlite3_file base;
  FailingVfs::Impl* impl;
  sqlite3_file real;  // and as much behind it as the real file system wants
};

File* file_of(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}
sqlite3_file* real_of(sqlite3_file* file) {
  return &file_of(file)->real;
}

int close_file(sqlite3_file* file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}
int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 at) {
  return real_of(file)->pMethods->xRead(real_of(file), data, size, at);
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  if (const int code = file_of(file)->impl->count()) return code;
  return real_of(file)->pMethods->xWrite(real_of(file), data, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = file_of(file)->impl->count()) return code;
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
// Nobody cuts the power here, and a disk's own time is all that a real one would add.
int sync_file(sqlite3_file* file, int) {
  return file_of(file)->impl->count();
}
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int check_lock(sqlite3_file* file, int* held) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}
int traits_of(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** data) {
  if (extend) {
    // Memory that cannot grow; SQLITE_READONLY would say that it is there and may be read.
    if (file_of(file)->impl->count()) return SQLITE_IOERR_SHMSIZE;
  }
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, data);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void barrier(sqlite3_file* file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}
int unmap_shared(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

FailingVfs::Impl& impl_of(sqlite3_vfs* vfs) {
  return *static_cast<FailingVfs::Impl*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  FailingVfs::Impl& impl = impl_of(vfs);
  file->pMethods = nullptr;
  int there = 1;
  if (name && (flags & SQLITE_OPEN_CREATE)) impl.real->xAccess(impl.real, name, SQLITE_ACCESS_EXISTS, &there);
  if (!there) {
    // A file that cannot be made is one that cannot be opened, whatever the reason.
    if (impl.count()) return SQLITE_CANTOPEN;
  }
  std::memset(real_of(file), 0, static_cast<std::size_t>(impl.real->szOsFile));
  const int status = impl.real->xOpen(impl.real, name, real_of(file), flags, out_flags);
  file_of(file)->impl = &impl;
  if (real_of(file)->pMethods) file->pMethods = &impl.methods;
  return status;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
  FailingVfs::Impl& impl = impl_of(vfs);
  if (const int code = impl.count()) return code;
  return impl.real->xDelete(impl.real, name, sync);
}

}  // namespace

FailingVfs::FailingVfs() : impl_(std::make_unique<Impl>()) {
  impl_->real = sqlite3_vfs_find(nullptr);
  impl_->vfs = *impl_->real;
  impl_->vfs.zName = "failing";
  impl_->vfs.pNext = nullptr;
  impl_->vfs.szOsFile = static_cast<int>(sizeof(File)) + impl_->real->szOsFile;
  impl_->vfs.pAppData = impl_.get();
  impl_->vfs.xOpen = open_file;
  impl_->vfs.xDelete = delete_file;
  sqlite3_io_methods& to = impl_->methods;
  to.iVersion = 2;
  to.xClose = close_file;
  to.xRead = read_file;
  to.xWrite = write_file;
  to.xTruncate = truncate_file;
  to.xSync = sync_file;
  to.xFileSize = size_of_file;
  to.xLock = lock_file;
  to.xUnlock = unlock_file;
  to.xCheckReservedLock = check_lock;
  to.xFileControl = control_file;
  to.xSectorSize = sector_size;
  to.xDeviceCharacteristics = traits_of;
  to.xShmMap = map_shared;
  to.xShmLock = lock_shared;
  to.xShmBarrier = barrier;
  to.xShmUnmap = unmap_shared;
  sqlite3_vfs_register(&impl_->vfs, 1);
}

FailingVfs::~FailingVfs() {
  sqlite3_vfs_unregister(&impl_->vfs);
  sqlite3_vfs_register(impl_->real, 1);
}

void FailingVfs::fail_at(std::uint64_t operation, int code, Times times) {
  const std::lock_guard lock(impl_->mutex);
  impl_->operations = 0;
  impl_->fail_at = operation;
  impl_->code = code;
  impl_->times = times;
  impl_->failed = false;
}

std::uint64_t FailingVfs::operations() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->operations;
}

bool FailingVfs::has_failed() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failed;
}

}  // namespace db
