// The mock kernel's door: programs under the preload libraries open device nodes here, each open file gets a session
// and a thread. Any thread may call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/usb/mock_session.h"

namespace usb_mock {

class Clients {
 public:
  using FindNode = std::function<std::shared_ptr<Node>(const std::string& path)>;

  // `root`: the testbed. `find` says what is at a node now; null if nothing.
  Clients(std::filesystem::path root, FindNode find);
  // REQUIRES: `hang_up`, and all devices have left since, so that no session waits for one.
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // This node may be opened from now on, also when its device has left: who opens it then is told so.
  void open_door(const std::string& path);
  // Wakes those who have this node open.
  void device_left(const std::shared_ptr<Node>& node);
  // No client is let in from now on, and those who are in are thrown out.
  void hang_up();

 private:
  struct Program {
    std::shared_ptr<Session> session;
    std::shared_ptr<Node> node;
    std::thread thread;
    std::atomic<bool> finished = false;
  };

  void listen();
  void accept_program(int listener, const std::string& path);
  void accept_file_socket();
  FileSockets file_sockets(std::uint64_t token);

  const std::filesystem::path root_;
  const FindNode find_;
  const int file_listener_;
  int wake_[2] = {-1, -1};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> listeners_;               // by node path
  std::map<std::uint64_t, FileSockets> file_sockets_;  // by token, until they are asked for
  std::list<std::unique_ptr<Program>> programs_;
  bool stopping_ = false;
  std::thread thread_;  // last: it needs all of the above
};

}  // namespace usb_mock
