// The program that a soak leaves alone with its line, as a child process with its control socket: started, watched,
// stopped. For soak.cpp alone.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/child.h"

namespace soak {

using namespace std::chrono_literals;
using bench::Seconds;

constexpr int hubs = 4, ports = 7, slots = hubs * ports;
// The crew's screens, its request, that of the people at the line, and those before that are about to be closed.
constexpr int most_visitors = 14;

inline std::string port_of(int slot) {
  return "1-" + std::to_string(1 + slot / ports) + "." + std::to_string(1 + slot % ports);
}

struct Usage {
  double resident_mib = 0;
  int descriptors = 0;  // but connections
  int sockets = 0;
  int threads = 0;
};

class Program {
 public:
  Program(const bench::Folder& folder, double speed) : folder_(folder) {
    write_line(speed);
    write_recipe(0);
    write_station(0);
    write_operators();
    process_ = fork();
    if (process_ == 0) {
      dup2(open(folder.file("out.jsonl").c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
      dup2(open(folder.file("err.txt").c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
      execl(FLASHLINE_PROGRAM, "flashline", "run", folder.file("recipe.toml").c_str(), "--json", "--line",
            folder.file("line.toml").c_str(), "--station", folder.file("station.toml").c_str(), "--db",
            folder.file("soak.db").c_str(), "--board", "127.0.0.1:0", nullptr);
      _exit(127);
    }
    connect_hand();
  }

  void write_recipe(int revision) const {
    std::ofstream out(folder_.file("recipe.toml"));
    out << "[recipe]\nname = \"soak\"\nrevision = \"" << revision << "\"\n[device]\nprofile = \"photon\"\n";
    for (const char* name : {"system-part1", "system-part2", "user"}) {
      out << "[[step]]\nname = \"" << name << "\"\nimage = \"" << FLASHLINE_EXAMPLES << "/" << name << ".bin\"\n";
    }
    out << "[policy]\nattempts = " << 1 + revision % 3 << "\n";
  }

  void write_station(int revision) const {
    std::ofstream out(folder_.file("station.toml"));
    out << "name = \"soak\"\ncap = " << 28 + revision % 7 << "\n[[hub]]\nport = \"1-1\"\nwidth = " << 4 + revision % 4
        << "\n";
    for (int slot = 0; slot < slots; ++slot) {
      const bool renamed = slot == revision % slots;
      out << "[[slot]]\nport = \"" << port_of(slot) << "\"\nlabel = \"" << (renamed ? "A" : "S")
          << (renamed ? revision : slot) << "\"\n";
    }
  }

  ~Program() {
    if (process_ > 0) end_with(SIGKILL);
  }

  void write_operators() const {
    std::vector<station::Operator> operators;
    for (const bench::Person& one : bench::staff()) {
      operators.push_back({one.name, one.role, station::hash_pin(one.pin)});
    }
    station::write_operators(station::operators_path(folder_.file("soak.db")), operators);
  }

  // Where its board is, as it said when it began.
  std::uint16_t board() const {
    const std::string before = "\"board\":\"http://127.0.0.1:";
    for (int tries = 0; tries < 1000; ++tries, std::this_thread::sleep_for(10ms)) {
      std::ifstream out(folder_.file("out.jsonl"));
      std::string line;
      std::getline(out, line);
      if (const auto at = line.find(before); at != std::string::npos && out) {
        return static_cast<std::uint16_t>(std::atoi(line.c_str() + at + before.size()));
      }
    }
    throw std::runtime_error("flashline says nothing of a board: see " + folder_.file("err.txt"));
  }

  // False: the line has nothing to do for this command, for a fault has pulled the unit already.
  bool say(const std::string& command) {
    const auto begun = std::chrono::steady_clock::now();
    const std::string text = command + "\n";
    std::string answer;
    bool said = write(hand_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    for (char c = 0; said && c != '\n';) {
      said = read(hand_, &c, 1) == 1;
      answer += c;
    }
    if (!said) throw std::runtime_error("flashline no longer answers: see its last words in err.txt");
    slowest_answer_ = std::max(slowest_answer_, Seconds(std::chrono::steady_clock::now() - begun));
    return answer == "ok\n";
  }

  Seconds slowest_answer() const { return slowest_answer_; }

  void signal(int number) const { kill(process_, number); }

  // Of a moment, in which a request may have files open, and the hash of a PIN its 32 MiB.
  Usage usage() const {
    const std::string proc = "/proc/" + std::to_string(process_);
    Usage usage;
    std::ifstream status(proc + "/status");
    for (std::string word; status >> word;) {
      if (word == "VmRSS:") status >> usage.resident_mib;
      if (word == "Threads:") status >> usage.threads;
    }
    usage.resident_mib /= 1024;
    std::error_code gone;
    for (auto it = std::filesystem::directory_iterator(proc + "/fd", gone); !gone && it != end(it); ++it) {
      std::error_code closed;
      const bool is_socket = std::filesystem::read_symlink(it->path(), closed).string().starts_with("socket:");
      ++(is_socket ? usage.sockets : usage.descriptors);
    }
    return usage;
  }

  // Its exit status and what it cost.
  bench::Ran end_with(int number) {
    signal(number);
    int status = 0;
    rusage used{};
    wait4(std::exchange(process_, 0), &status, 0, &used);
    bench::Ran ran;
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.cpu_seconds = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                      static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    ran.peak_mib = static_cast<double>(used.ru_maxrss) / 1024;
    close(hand_);
    return ran;
  }

 private:
  void write_line(double speed) const {
    std::ofstream out(folder_.file("line.toml"));
    out << "[line]\nspeed = " << std::fixed << speed << "\ncontrol = \"line.ctl\"\n";
    for (int hub = 1; hub <= hubs; ++hub) out << "[[hub]]\nport = \"1-" << hub << "\"\nports = " << ports << "\n";
    for (int slot = 0; slot < slots; ++slot) {
      out << "[[unit]]\nport = \"" << port_of(slot) << "\"\ngeneration = " << (slot % 2 == 0 ? 3 : 12)
          << "\nstarts = \"absent\"\n";
    }
  }

  void connect_hand() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    folder_.file("line.ctl").copy(address.sun_path, sizeof address.sun_path - 1);
    for (int tries = 0; tries < 1000; ++tries) {
      hand_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (connect(hand_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
      close(hand_);
      std::this_thread::sleep_for(10ms);
    }
    throw std::runtime_error("flashline did not start: see " + folder_.file("err.txt"));
  }

  const bench::Folder& folder_;
  pid_t process_ = 0;
  int hand_ = -1;
  Seconds slowest_answer_{};  // of the wall's clock
};

}  // namespace soak
