// Preloaded before umockdev's library into programs that use the mock kernel, to put right what umockdev cannot:
// - poll() on a device node: umockdev's node is a plain file, which is always ready, so that libusb would spin. Here it
//   is ready when there is something to reap, and says POLLERR and POLLHUP when the device has left.
// - transfers go the short way of mock_wire.h, and other ioctls over a socket of their own: umockdev keeps track of 50
//   files at most, which is no more than a small line opens.
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
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/usb/mock_wire.h"

namespace {

using usb_mock::Completed;
using usb_mock::Hello;
using usb_mock::Submit;
using usb_mock::Submitted;

constexpr int most_files = 65536;
constexpr char nodes[] = "/dev/bus/usb/";
constexpr std::size_t setup_size = 8;  // at the beginning of a control transfer's buffer

// Of a device node's descriptor: its two sockets, plus 1; 0: no such node.
std::atomic<int> submits_of[most_files], completions_of[most_files];
std::atomic<int> calls_of[most_files];  // likewise: the socket for its other ioctls
pthread_mutex_t call_locks[64];         // of a descriptor and those that are 64 apart
pthread_mutex_t submit_locks[64];       // of a descriptor and those that are 64 apart; zeros are what they begin with
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

int completions_socket(int file) {
  return file >= 0 && file < most_files ? completions_of[file].load() - 1 : -1;
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

// Raw calls, so that neither umockdev nor a sanitizer has an opinion on our own sockets.
int connect_file(std::uint64_t token, bool submits) {
  const int file = static_cast<int>(syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (file < 0) return -1;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  snprintf(to.sun_path, sizeof to.sun_path, "%s/files", getenv("UMOCKDEV_DIR"));
  const Hello hello{token, submits};
  if (syscall(SYS_connect, file, &to, sizeof to) == 0 && syscall(SYS_write, file, &hello, sizeof hello) > 0)
    return file;
  syscall(SYS_close, file);
  return -1;
}

// umockdev's own socket of the node, in its own words: mock_session.cpp has the other end.
int connect_calls(const char* path) {
  const int file = static_cast<int>(syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (file < 0) return -1;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  snprintf(to.sun_path, sizeof to.sun_path, "%s/ioctl%s", getenv("UMOCKDEV_DIR"), path);
  if (syscall(SYS_connect, file, &to, sizeof to) == 0) return file;
  syscall(SYS_close, file);
  return -1;
}

bool send_whole(int file, const void* data, std::size_t size) {
  return syscall(SYS_sendto, file, data, size, MSG_NOSIGNAL, nullptr, 0) == static_cast<long>(size);
}

bool receive_whole(int file, void* data, std::size_t size) {
  for (auto* at = static_cast<char*>(data); size > 0;) {
    const long got = syscall(SYS_recvfrom, file, at, size, 0, nullptr, nullptr);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// An ioctl as the mock kernel answers it; it reads and writes this program's memory until it is done.
int call(int file, unsigned long request, std::uint64_t argument) {
  using usb_mock::Called;
  const int socket_file = calls_of[file] - 1;
  Called message{usb_mock::ioctl_called, request, argument};
  long result = -1;
  int error = ENODEV;
  pthread_mutex_lock(&call_locks[file % 64]);
  bool more = send_whole(socket_file, &message, sizeof message);
  while (more && (more = receive_whole(socket_file, &message, sizeof message))) {
    auto* memory = reinterpret_cast<void*>(message.first);
    if (message.word == usb_mock::read_mem) {
      more = send_whole(socket_file, memory, message.second);
    } else if (message.word == usb_mock::write_mem) {
      more = receive_whole(socket_file, memory, message.second);
    } else {
      result = static_cast<long>(message.first);
      error = static_cast<int>(message.second);
      break;
    }
  }
  pthread_mutex_unlock(&call_locks[file % 64]);
  if (error != 0) errno = error;
  return static_cast<int>(result);
}

int opened(int file, const char* path) {
  const std::uint64_t token = static_cast<std::uint64_t>(getpid()) << 32 | ++opens;
  submits_of[file] = connect_file(token, true) + 1;
  calls_of[file] = connect_calls(path) + 1;
  completions_of[file] = connect_file(token, false) + 1;
  const int before = errno;
  call(file, usb_mock::opened_ioctl, token);
  errno = before;
  return file;
}

int fail(int error) {
  errno = error;
  return -1;
}

int submit(int file, const usbdevfs_urb* urb) {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  Submit head{};
  head.asked = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
  head.address = reinterpret_cast<std::uint64_t>(urb);
  head.type = urb->type;
  head.endpoint = urb->endpoint;
  head.size = static_cast<std::uint32_t>(urb->buffer_length);
  const auto* buffer = static_cast<const std::uint8_t*>(urb->buffer);
  const bool control = urb->type == USBDEVFS_URB_TYPE_CONTROL;
  const bool in = ((control ? buffer[0] : urb->endpoint) & 0x80) != 0;
  std::size_t size = in ? (control ? setup_size : 0) : head.size;
  if (size > usb_mock::most_data) return fail(EINVAL);
  iovec parts[] = {{&head, sizeof head}, {urb->buffer, size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const int socket_file = submits_of[file] - 1;
  Submitted reply{EIO};
  pthread_mutex_lock(&submit_locks[file % 64]);
  syscall(SYS_sendmsg, socket_file, &message, MSG_NOSIGNAL);
  syscall(SYS_recvfrom, socket_file, &reply, sizeof reply, 0, nullptr, nullptr);
  pthread_mutex_unlock(&submit_locks[file % 64]);
  return reply.error == 0 ? 0 : fail(reply.error);
}

int reap(int file, void** where, bool wait) {
  std::uint8_t message[sizeof(Completed) + usb_mock::most_data];
  const long size = syscall(SYS_recvfrom, completions_socket(file), message, sizeof message, wait ? 0 : MSG_DONTWAIT,
                            nullptr, nullptr);
  if (size < 0) return -1;  // EAGAIN
  if (size == 0) return fail(ENODEV);
  Completed head{};
  memcpy(&head, message, sizeof head);
  auto* urb = reinterpret_cast<usbdevfs_urb*>(head.address);
  const bool control = urb->type == USBDEVFS_URB_TYPE_CONTROL;
  auto* buffer = static_cast<std::uint8_t*>(urb->buffer) + (control ? setup_size : 0);
  memcpy(buffer, message + sizeof head, static_cast<std::size_t>(size) - sizeof head);
  urb->status = head.status;
  urb->actual_length = head.actual;
  urb->error_count = 0;
  *where = urb;
  return 0;
}

// A folder of nodes is umockdev's business; a node is opened here.
template <typename Open>
int open_node(const char* path, int flags, Open open_it) {
  const int access_mode = flags & O_ACCMODE;
  if (const int error = judge(path, access_mode != O_WRONLY, access_mode != O_RDONLY)) return fail(error);
  char real[512];
  struct stat entry;
  snprintf(real, sizeof real, "%s%s", getenv("UMOCKDEV_DIR"), path);
  if (syscall(SYS_newfstatat, AT_FDCWD, real, &entry, 0) == 0 && S_ISDIR(entry.st_mode)) return open_it();
  const int file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, real, flags, 0));
  if (file < 0 || file >= most_files) return file;
  return opened(file, path);
}

// What poll() says of a node whose socket for completions answered so.
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
    if (const int error = judge(path, (how & R_OK) != 0, (how & W_OK) != 0)) return fail(error);
  }
  return NEXT(access)(path, how);
}

int close(int file) {
  const int completions = completions_socket(file);
  if (completions >= 0) {
    const int before = errno;
    call(file, usb_mock::closing_ioctl, 0);
    errno = before;
    completions_of[file] = 0;
    syscall(SYS_close, calls_of[file].exchange(0) - 1);
    syscall(SYS_close, completions);
    syscall(SYS_close, submits_of[file].exchange(0) - 1);
  }
  if (file >= 0 && file < most_files) is_monitor[file] = false;
  return NEXT(close)(file);
}

int ioctl(int file, unsigned long request, ...) noexcept {
  va_list rest;
  va_start(rest, request);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  if (completions_socket(file) < 0) return NEXT(ioctl)(file, request, argument);
  switch (request) {
    case USBDEVFS_SUBMITURB:
      return submit(file, static_cast<const usbdevfs_urb*>(argument));
    case USBDEVFS_REAPURB:
    case USBDEVFS_REAPURBNDELAY:
      return reap(file, static_cast<void**>(argument), request == USBDEVFS_REAPURB);
    default:
      return call(file, request, reinterpret_cast<std::uint64_t>(argument));
  }
}

int poll(pollfd* files, nfds_t count, int timeout) {
  constexpr nfds_t most = 1024;
  bool any = false;
  for (nfds_t i = 0; i < count && !any; ++i) any = completions_socket(files[i].fd) >= 0;
  if (!any || count > most) return NEXT(poll)(files, count, timeout);
  pollfd asked[most];
  for (nfds_t i = 0; i < count; ++i) {
    const int ready = completions_socket(files[i].fd);
    asked[i] = ready >= 0 ? pollfd{ready, POLLIN, 0} : files[i];
  }
  const int result = NEXT(poll)(asked, count, timeout);
  if (result < 0) return result;
  int said = 0;
  for (nfds_t i = 0; i < count; ++i) {
    const bool is_file = completions_socket(files[i].fd) >= 0;
    files[i].revents = is_file ? translate(files[i].events, asked[i].revents) : asked[i].revents;
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
