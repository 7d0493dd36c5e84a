// A board on a socket of its own, over a line that stands still, with a record service that only keeps a list.
#pragma once

#include <mutex>
#include <sstream>

#include <gtest/gtest.h>

#include "scheduler/clocks.h"
#include "station/board/board.h"
#include "tests/station/board/client.h"
#include "tests/station/program.h"
#include "tests/station/sample_values.h"

namespace station::board {

// Keeps what is entered; refuses it with a sentence while there is one.
class ListDoor : public RecordService {
 public:
  void enter(Entry entry, std::function<void(EntryResult)> done) override {
    {
      const std::lock_guard lock(mutex_);
      if (!refusal.empty()) return done(Refused{refusal});
      entries_.push_back(std::move(entry));
    }
    done(OnRecord{});
  }
  std::vector<Entry> entries() {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  // "signed-in li", "paused line": kind and subject of each event.
  std::vector<std::string> notes() {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) {
      if (const auto* note = std::get_if<EventEntry>(&entry)) all.push_back(note->event.kind + " " + note->event.about);
    }
    return all;
  }

  std::string refusal;

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
};

class BoardTest : public testing::Test {
 protected:
  BoardTest() : live_(setup_of_line(), clock_) {}

  void SetUp() override { open(); }

  static LineSetup setup_of_line() {
    LineSetup setup;
    setup.settings.recipe = sample_recipe();
    setup.settings.station = std::make_shared<config::StationConfig>();
    setup.topology.hubs = {{{"1-1"}, 7, dfu::TransactionTranslator::multi, dfu::PortPower::none}};
    setup.stay = true;
    return setup;
  }
  void open(const std::string& host = "127.0.0.1") {
    board_.reset();
    BoardSetup setup{{host, 0}, {}, {.station = "line-3"}};
    setup.operators = folder_.path("operators");
    setup.service = &service_;
    setup.controls = {[this](bool paused) { done(paused ? "pause" : "resume"); },
                      [this](scheduler::StopKind kind) {
                        done(kind == scheduler::StopKind::at_once ? "stop at once" : "stop safely");
                      },
                      [this](const dfu::PortPath& place, const scheduler::Decision& decision) {
                        done("release " + place.text + " by " + decision.by +
                             (decision.reason.empty() ? "" : ": " + decision.reason));
                      },
                      [this](const dfu::PortPath& port, const std::optional<std::string>& reason) {
                        done(reason ? "skip " + port.text + ": " + *reason : "use " + port.text);
                      },
                      [this](const std::optional<JobOrder>& order, const std::function<void()>& taken) {
                        done("work for " + (order ? order->opened.order : "none"));
                        taken();
                      },
                      {},
                      {},
                      [this](const std::string& operator_name, const std::function<void()>& taken) {
                        done("work without an order, " + operator_name);
                        taken();
                      }};
    setup.proxies = proxies_;
    board_ = std::make_unique<Board>(setup, live_, logger_);
    port_ = address_from(board_->url().substr(7, board_->url().size() - 8)).value().port;
  }
  std::string get(const std::string& path, const std::string& headers = "") {
    return ask(port_, "GET " + path, headers);
  }
  std::string origin() const { return "Origin: http://127.0.0.1:" + std::to_string(port_) + "\r\n"; }
  std::string post(const std::string& path, const std::string& body, const std::string& headers = "") {
    return ask(port_, "POST " + path, origin() + "Content-Type: application/json\r\n" + headers, body);
  }
  // The headers of somebody who is signed in; empty: was not let in.
  std::string sign_in(const std::string& name, const std::string& pin = "") {
    const std::string answer = post("/api/session", "{\"operator\":\"" + name + "\",\"pin\":\"" + pin + "\"}");
    if (status_of(answer) != 200) return "";
    return "Cookie: " + between(answer, "Set-Cookie: ", ";") +
           "\r\nX-Flashline-Token: " + between(answer, "\"csrf\":\"", "\"") + "\r\n";
  }
  static std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const std::size_t begin = text.find(before);
    if (begin == std::string::npos) return "";
    return text.substr(begin + before.size(), text.find(after, begin + before.size()) - begin - before.size());
  }
  void done(const std::string& what) {
    const std::lock_guard lock(mutex_);
    done_.push_back(what);
  }

  const ProgramFolder folder_;
  scheduler::VirtualClock clock_;
  spdlog::logger logger_{"test"};
  LiveLine live_;
  ListDoor service_;
  std::mutex mutex_;
  std::vector<std::string> done_;  // guarded by mutex_: what the line was told
  std::vector<std::string> proxies_;
  std::ostringstream log_text_;  // outlives the board, for tests that look at its log
  std::unique_ptr<Board> board_;
  std::uint16_t port_ = 0;
};

}  // namespace station::board
