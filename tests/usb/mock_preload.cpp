// Preloaded before umockdev's library into programs that use the mock kernel, to put right what umockdev cannot:
// - poll() on a device node: umockdev's node is a plain file, which is always ready, so that libusb would spin. Here it
//   is ready when there is something to reap, and says POLLERR and POLLHUP when the device has left.
// - open() and access() obey the node's mode, for root too, and say ENOENT for a node that has gone.
// - open() and close() can hang, and close() returns when the kernel has let go of the interfaces.
// - each monitor of uevents gets a socket of its own: umockdev names it by its descriptor's number alone, so that two
//   programs would take it from each other.
// No sanitizer and nothing of C++ that needs a library: it lives inside other programs, beside their sanitizers.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

constexpr unsigned long opened_ioctl = 0x4D01, closing_ioctl = 0x4D02;  // as tests/usb/mock_session.h has them
constexpr int most_files = 65536;
constexpr char nodes[] = "/dev/bus/usb/";

std::atomic<int> ready_of[most_files];     // the socket behind a device node's descriptor, plus 1; 0: no such node
std::atomic<bool> is_monitor[most_files];  // a socket for uevents
std::atomic<std::uint32_t> opens;

template <typename Function>
Function next(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
#define NEXT(name)                                 \
  ([] {                                            \
    static const auto real = next(&::name, #name); \
    return real;                                   \
  }())

bool is_node(const char* path) {
  return path && getenv("UMOCKDEV_DIR") && strncmp(path, nodes, sizeof nodes - 1) == 0;
}

int ready_socket(int file) {
  return file >= 0 && file < most_files ? ready_of[file].load() - 1 : -1;
}

// An errno if the node may not be opened so, else 0.
int judge(const char* path, bool reads, bool writes) {
  char real[512];
  struct stat file;
  snprintf(real, sizeof real, "%s%s", getenv("UMOCKDEV_DIR"), path);
  if (syscall(SYS_newfstatat, AT_FDCWD, real, &file, 0) != 0) return ENOENT;
  if (S_ISDIR(file.st_mode)) return 0;
  if (reads && (file.st_mode & 0444) == 0) return EACCES;
  if (writes && (file.st_mode & 0222) == 0) return EACCES;
  return 0;
}

// Raw calls, so that neither umockdev nor a sanitizer has an opinion on our own socket.
int connect_ready(std::uint64_t token) {
  const long file = syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return -1;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  snprintf(to.sun_path, sizeof to.sun_path, "%s/ready", getenv("UMOCKDEV_DIR"));
  const bool there =
      syscall(SYS_connect, file, &to, sizeof to) == 0 && syscall(SYS_write, file, &token, sizeof token) == sizeof token;
  if (!there) {
    syscall(SYS_close, file);
    return -1;
  }
  return static_cast<int>(file);
}

int opened(int file) {
  if (file < 0 || file >= most_files) return file;
  const std::uint64_t token = static_cast<std::uint64_t>(getpid()) << 32 | ++opens;
  const int ready = connect_ready(token);
  if (ready < 0) return file;
  ready_of[file] = ready + 1;
  const int before = errno;
  NEXT(ioctl)(file, opened_ioctl, token);
  errno = before;
  return file;
}

template <typename Open>
int open_node(const char* path, int flags, Open open_it) {
  const int access_mode = flags & O_ACCMODE;
  if (const int error = judge(path, access_mode != O_WRONLY, access_mode != O_RDONLY)) {
    errno = error;
    return -1;
  }
  return opened(open_it());
}

// What poll() says of a node whose ready socket answered so.
short translate(short events, short ready) {
  short says = 0;
  if ((ready & POLLHUP) != 0) says = POLLERR | POLLHUP;
  if ((ready & POLLIN) != 0) says = static_cast<short>(says | (events & (POLLOUT | POLLWRNORM)));
  return says;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (!is_node(path)) return NEXT(open)(path, flags, mode);
  return open_node(path, flags, [&] { return NEXT(open)(path, flags, mode); });
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (!is_node(path)) return NEXT(open64)(path, flags, mode);
  return open_node(path, flags, [&] { return NEXT(open64)(path, flags, mode); });
}

int __open_2(const char* path, int flags) {
  return open(path, flags);
}

int __open64_2(const char* path, int flags) {
  return open64(path, flags);
}

int access(const char* path, int how) noexcept {
  if (is_node(path)) {
    if (const int error = judge(path, (how & R_OK) != 0, (how & W_OK) != 0)) {
      errno = error;
      return -1;
    }
  }
  return NEXT(access)(path, how);
}

int close(int file) {
  const int ready = ready_socket(file);
  if (ready >= 0) {
    const int before = errno;
    NEXT(ioctl)(file, closing_ioctl, 0ul);
    errno = before;
    ready_of[file] = 0;
    syscall(SYS_close, ready);
  }
  if (file >= 0 && file < most_files) is_monitor[file] = false;
  return NEXT(close)(file);
}

// Nothing to reap is answered here; what is reaped takes one byte off the ready socket.
int ioctl(int file, unsigned long request, ...) noexcept {
  va_list rest;
  va_start(rest, request);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  const int ready = ready_socket(file);
  const bool reaps = ready >= 0 && request == USBDEVFS_REAPURBNDELAY;
  char byte = 0;
  if (reaps && syscall(SYS_recvfrom, ready, &byte, 1, MSG_PEEK | MSG_DONTWAIT, nullptr, nullptr) < 0) {
    errno = EAGAIN;
    return -1;
  }
  const int result = NEXT(ioctl)(file, request, argument);
  const int error = errno;
  if (reaps || (ready >= 0 && request == USBDEVFS_REAPURB && result == 0)) {
    syscall(SYS_recvfrom, ready, &byte, 1, MSG_DONTWAIT, nullptr, nullptr);
  }
  errno = error;
  return result;
}

int poll(pollfd* files, nfds_t count, int timeout) {
  constexpr nfds_t most = 1024;
  bool any = false;
  for (nfds_t i = 0; i < count && !any; ++i) any = ready_socket(files[i].fd) >= 0;
  if (!any || count > most) return NEXT(poll)(files, count, timeout);
  pollfd asked[most];
  for (nfds_t i = 0; i < count; ++i) {
    const int ready = ready_socket(files[i].fd);
    asked[i] = ready >= 0 ? pollfd{ready, POLLIN, 0} : files[i];
  }
  const int result = NEXT(poll)(asked, count, timeout);
  if (result < 0) return result;
  int said = 0;
  for (nfds_t i = 0; i < count; ++i) {
    const bool is_ready_socket = ready_socket(files[i].fd) >= 0;
    files[i].revents = is_ready_socket ? translate(files[i].events, asked[i].revents) : asked[i].revents;
    if (files[i].revents != 0) ++said;
  }
  return said;
}

int socket(int domain, int type, int protocol) noexcept {
  const int file = NEXT(socket)(domain, type, protocol);
  const bool monitor = domain == AF_NETLINK && protocol == NETLINK_KOBJECT_UEVENT && getenv("UMOCKDEV_DIR");
  if (monitor && file >= 0 && file < most_files) is_monitor[file] = true;
  return file;
}

int bind(int file, const sockaddr* address, socklen_t size) noexcept {
  if (file < 0 || file >= most_files || !is_monitor[file]) return NEXT(bind)(file, address, size);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  snprintf(to.sun_path, sizeof to.sun_path, "%s/event%d.%d", getenv("UMOCKDEV_DIR"), getpid(), file);
  unlink(to.sun_path);
  return static_cast<int>(syscall(SYS_bind, file, &to, sizeof to));
}

}  // extern "C"
