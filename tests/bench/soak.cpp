// The program left alone with a busy line: `flashline run` on a virtual line at high speed, a day of the line's time,
// with random plugging, pulling and faults by its control socket, recipe and station file read again, and pauses; and
// with its board up, before which people come and go (tests/bench/crew.h).
//
//   soak [MINUTES [SPEED [SEED]]]       default: 1440 36 1
//
// Prints memory, descriptors and threads of the process as it goes. Fails if an insertion has not exactly one visit, an
// attempt not exactly one end, a change on the board not exactly one row with who made it, an order not the units that
// its certificate says, if record or certificates are not sound, or if memory, descriptors or threads grow.
#include <QJsonArray>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dfu/virtual/line_spec.h"
#include "station/board/operators.h"
#include "tests/bench/browser.h"
#include "tests/bench/child.h"
#include "tests/bench/crew.h"
#include "tests/bench/soak_program.h"

namespace {

using namespace soak;

// A port that is empty for longer has another unit next, also if the last one was on its way back.
constexpr Seconds surely_empty = 40s;
// Until then every port, thread and cache has been used: the ring of the log, 8192 ids of units, and 32 units that owe
// a proof of boot and keep their recipe with its half MiB of images, for here each reload makes another one.
constexpr Seconds longest_warm_up = 500min;
// What may come later: an allocator that keeps what a peak needed. Two thousand attempts that left 2 KiB each would be
// as much, and there are ten times as many.
constexpr double growth_mib = 4;
// A look is over so much that not every moment of it is one in which a busy machine hashes a PIN.
constexpr Seconds between_samples = 3s, between_looks = 15min, between_lines = 30min;
// ---- what people do

// They look at the clock before each thing they do: this program is not the first one that a busy machine runs. And at
// the board, whether the host has seen what they did: a unit that is taken out before was never there for it, and one
// that is put in before is the same as the last.
class People {
 public:
  People(Program& program, std::function<Seconds()> clock, std::uint32_t seed)
      : program_(program), board_(program.board()), clock_(std::move(clock)), random_(seed) {}

  void act() {
    if (clock_() >= next_look_) look();
    for (int slot = 0; slot < slots; ++slot) {
      if (clock_() >= slots_[slot].next && was_seen(slots_[slot])) act(slot);
    }
    if (clock_() >= next_reload_) reload();
    if (clock_() >= next_pause_) pause(!pauses_);
  }

  // Takes out what is plugged in and leaves it so.
  void go_home() {
    for (int slot = 0; slot < slots; ++slot) {
      for (; slots_[slot].plugged && !was_seen(slots_[slot]); std::this_thread::sleep_for(5ms)) look();
      if (slots_[slot].plugged) program_.say("pull " + port_of(slot));
    }
  }

  const std::map<std::string, int>& insertions() const { return insertions_; }
  int faults() const { return faults_; }
  int reloads() const { return reloads_; }

 private:
  struct Slot {
    bool plugged = false;
    bool seen = false;  // since it was plugged in
    Seconds begun{}, next{};
  };
  static constexpr Seconds seen_empty = Seconds::max();  // then, whenever that is

  Seconds between(double least, double most) { return Seconds(std::uniform_real_distribution<>(least, most)(random_)); }
  bool chance(double probability) { return between(0, 1).count() < probability; }
  std::uint32_t up_to(std::uint32_t most) { return random_() % (most + 1); }

  // A fault may have pulled the unit before anybody looked.
  bool was_seen(const Slot& slot) const { return slot.seen || !slot.plugged || clock_() >= slot.begun + 2min; }

  void act(int number) {
    Slot& slot = slots_[number];
    const std::string port = port_of(number);
    slot.plugged = !slot.plugged;
    slot.seen = false;
    slot.begun = clock_();
    const bool done = program_.say((slot.plugged ? "fresh " : "pull ") + port);
    if (slot.plugged && !done) throw std::runtime_error("no fresh unit could be plugged in at " + port);
    if (!slot.plugged) {
      slot.next = seen_empty;
      return;
    }
    ++insertions_[port];
    // Long enough that the host has seen it behind all the others; some are pulled in the middle of their work.
    slot.next = clock_() + (chance(0.25) ? between(8, 14) : chance(0.1) ? between(100, 150) : between(20, 60));
    while (chance(0.3)) add_fault(port);
  }

  // `late` strikes only where the unit is expected back: otherwise it could not be told from another unit.
  void add_fault(const std::string& port) {
    const auto kinds = dfu::virt::fault_kind_names();
    const std::string& kind = kinds[up_to(static_cast<std::uint32_t>(kinds.size()) - 1)];
    const std::vector<std::string> places{"leave",
                                          "survey",
                                          "return",
                                          "return:" + std::to_string(up_to(3000)),
                                          "block:" + std::to_string(1 + up_to(119)),
                                          "request:" + std::to_string(1 + up_to(500))};
    const std::string& place = places[kind == "late" ? 0 : up_to(static_cast<std::uint32_t>(places.size()) - 1)];
    // Refused where a fault of this kind could never strike.
    if (program_.say("fault " + port + " " + kind + " " + place + " " + std::to_string(1 + up_to(2)))) ++faults_;
  }

  void look() {
    std::set<std::string> present;
    const QJsonObject state = board_.get("/api/state").json();
    for (const QJsonValue& hub : state["hubs"].toArray()) {
      for (const QJsonValue& slot : hub["slots"].toArray()) {
        if (slot["present"].toBool()) present.insert(slot["port"].toString().toStdString());
      }
    }
    is_paused_ = state["line"].toObject()["state"].toString() == "paused";
    for (int number = 0; number < slots && !state.isEmpty(); ++number) {
      Slot& slot = slots_[number];
      const bool is_there = present.contains(port_of(number));
      slot.seen = slot.seen || (slot.plugged && is_there);
      if (slot.next == seen_empty && !is_there) {
        slot.next = clock_() + surely_empty + between(0, 10);
      }
    }
    next_look_ = clock_() + 1s;
  }

  void reload() {
    ++reloads_;
    program_.write_recipe(reloads_);
    program_.write_station(reloads_);
    program_.signal(SIGHUP);
    next_reload_ = clock_() + between(10, 60);
  }

  // The signal turns over what is, and those at the board pause the line too.
  void pause(bool so) {
    pauses_ = so;
    look();
    if (so != is_paused_) program_.signal(SIGUSR1);
    next_pause_ = clock_() + (so ? between(1, 8) : between(30, 150));
  }

  Program& program_;
  const bench::Browser board_;
  const std::function<Seconds()> clock_;
  std::mt19937 random_;
  std::vector<Slot> slots_ = std::vector<Slot>(slots);
  std::map<std::string, int> insertions_;
  Seconds next_look_{0}, next_reload_{20}, next_pause_{30};
  bool pauses_ = false, is_paused_ = false;
  int faults_ = 0, reloads_ = 0;
};

// ---- what must hold

class Findings {
 public:
  void expect(bool so, const std::string& sentence) {
    if (so) return;
    std::printf("WRONG: %s\n", sentence.c_str());
    ++wrong_;
  }
  int wrong() const { return wrong_; }

 private:
  int wrong_ = 0;
};

int number(SQLite::Database& db, const std::string& query) {
  SQLite::Statement statement(db, query);
  return statement.executeStep() ? statement.getColumn(0).getInt() : -1;
}

void check_record(const std::string& file, const People& people, Findings& findings) {
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  for (const auto& [port, insertions] : people.insertions()) {
    const int visits = number(db, "SELECT count(*) FROM visit WHERE port = '" + port + "'");
    findings.expect(visits == insertions, port + " had " + std::to_string(insertions) + " insertions and " +
                                              std::to_string(visits) + " visits");
  }
  const int started = number(db, "SELECT count(*) FROM attempt_started");
  const int ended = number(db, "SELECT count(DISTINCT attempt) FROM attempt_finished");
  findings.expect(started == ended && ended == number(db, "SELECT count(*) FROM attempt_finished"),
                  std::to_string(started) + " attempts were started, " + std::to_string(ended) + " have an end");
  std::printf("\n%d insertions of %d faulty units, %d visits, %d attempts:", number(db, "SELECT count(*) FROM visit"),
              people.faults(), number(db, "SELECT count(*) FROM visit"), started);
  SQLite::Statement outcomes(db, "SELECT outcome, count(*) FROM attempt_finished GROUP BY outcome");
  while (outcomes.executeStep()) {
    std::printf(" %d %s", outcomes.getColumn(1).getInt(), outcomes.getColumn(0).getText());
  }
  std::printf("\n");
}

// What `query` counts by name must be what people did.
void compare(SQLite::Database& db, const std::string& what, const std::string& query,
             const std::map<std::string, int>& done, Findings& findings) {
  std::map<std::string, int> on_record;
  SQLite::Statement statement(db, query);
  while (statement.executeStep()) on_record[statement.getColumn(0).getText()] = statement.getColumn(1).getInt();
  int all = 0;
  for (const auto& [name, count] : done) {
    all += count;
    findings.expect(on_record[name] == count, what + " by " + name + ": " + std::to_string(count) + " were made, " +
                                                  std::to_string(on_record[name]) + " are on record");
  }
  findings.expect(on_record.size() == done.size(), what + " by somebody else are on record");
  std::printf("%6d %s\n", all, what.c_str());
}

void check_deeds(const std::string& file, const bench::Deeds& deeds, Findings& findings) {
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  std::map<std::string, int> events;
  for (const auto& [deed, count] : deeds.events) events[deed.first + " " + deed.second] = count;
  compare(db, "events of the board",
          "SELECT kind || ' ' || json_extract(facts, '$.operator'), count(*) FROM event"
          " WHERE text LIKE '% on the board.' GROUP BY 1",
          events, findings);
  compare(db, "labels", "SELECT author, count(*) FROM label GROUP BY 1", deeds.labels, findings);
  compare(db, "decisions", "SELECT author, count(*) FROM disposition GROUP BY 1", deeds.decisions, findings);
  compare(db, "orders opened", "SELECT operator, count(*) FROM job GROUP BY 1", deeds.opened, findings);
  compare(db, "orders closed", "SELECT operator, count(*) FROM job_closed GROUP BY 1", deeds.closed, findings);
  findings.expect(number(db, "SELECT count(*) FROM job") == number(db, "SELECT count(*) FROM job_closed"),
                  "an order is still open");
}

// By the last attempt of each visit for the order, counted without the program's own query.
void check_orders(const std::string& file, const std::vector<bench::Certificate>& certificates, Findings& findings) {
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  int made_in_all = 0;
  for (const bench::Certificate& certificate : certificates) {
    SQLite::Statement count(db,
                            "SELECT count(*), (SELECT quantity FROM job WHERE order_number = ?1) FROM attempt_started s"
                            " JOIN attempt_finished f ON f.attempt = s.id WHERE s.job = ?1 AND f.outcome = 'passed' AND"
                            " s.number = (SELECT max(number) FROM attempt_started WHERE visit = s.visit AND job = ?1)");
    count.bind(1, certificate.order);
    count.executeStep();
    const int made = count.getColumn(0).getInt(), quantity = count.getColumn(1).getInt();
    made_in_all += made;
    const std::string said = "quantity: " + std::to_string(quantity) + "\nmade: " + std::to_string(made) + "\n";
    findings.expect(made <= quantity, certificate.order + ": " + std::to_string(made) + " units were made of " +
                                          std::to_string(quantity));
    findings.expect(certificate.text.find(said) != std::string::npos,
                    certificate.order + ": the certificate does not say that " + std::to_string(made) + " were made");
  }
  std::printf("%6d units made for %zu orders\n", made_in_all, certificates.size());
}

void check_certificates(const bench::Folder& folder, const std::vector<bench::Certificate>& certificates,
                        Findings& findings) {
  const std::string file = folder.file("c.certificate");
  for (const bench::Certificate& certificate : certificates) {
    std::ofstream(file) << certificate.text;
    std::ofstream(file + ".minisig") << certificate.signature;
    const bench::Ran ran =
        bench::run(FLASHLINE_PROGRAM, {"audit", "verify", "--db", folder.file("soak.db"), "--against", file});
    findings.expect(ran.status == 0, certificate.order + ": audit verify: " + ran.output);
  }
}

// What Prometheus was told last is what is on record.
void check_metrics(const std::string& file, const std::string& metrics, Findings& findings) {
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  SQLite::Statement outcomes(db, "SELECT outcome, count(*) FROM attempt_finished GROUP BY outcome");
  while (outcomes.executeStep()) {
    const std::string line = std::string("flashline_attempts_total{outcome=\"") + outcomes.getColumn(0).getText() +
                             "\"} " + std::to_string(outcomes.getColumn(1).getInt()) + "\n";
    findings.expect(metrics.find(line) != std::string::npos, "/metrics does not say " + line);
  }
}

void check(const bench::Folder& folder, const People& people, const bench::Crew& crew, Findings& findings) {
  const std::string file = folder.file("soak.db");
  for (const std::string& sentence : crew.wrong()) findings.expect(false, sentence);
  check_record(file, people, findings);
  std::printf("%6d errands at the board, %d screens, %d changes refused, of which no trace may be on record\n",
              crew.tasks(), crew.watchers(), crew.deeds().refused);
  check_deeds(file, crew.deeds(), findings);
  check_orders(file, crew.certificates(), findings);
  check_metrics(file, crew.last_metrics(), findings);
  const bench::Ran audit = bench::run(FLASHLINE_PROGRAM, {"audit", "verify", "--db", file});
  findings.expect(audit.status == 0, "audit verify: " + audit.output);
  check_certificates(folder, crew.certificates(), findings);
}

// The people at the board, on a thread of their own: who plugs units in waits for no one who signs in.
class BoardSide {
 public:
  BoardSide(bench::Crew& crew, Findings& findings)
      : crew_(crew), findings_(findings), thread_([this](std::stop_token stop) { work(stop); }) {}
  // They come no more, but for the last one.
  void stop() {
    thread_.request_stop();
    thread_.join();
    findings_.expect(trouble_.empty(), trouble_);
  }

 private:
  void work(std::stop_token stop) {
    try {
      for (; !stop.stop_requested(); std::this_thread::sleep_for(5ms)) crew_.act();
    } catch (const std::exception& error) {
      trouble_ = error.what();
    }
  }

  bench::Crew& crew_;
  Findings& findings_;
  std::string trouble_{};
  std::jthread thread_;
};

// Whether it grows after everything was used once.
class Growth {
 public:
  Growth(Seconds time, double speed, Findings& findings)
      : warm_up_(std::max(3 * between_looks, std::min(longest_warm_up, time / 2))),
        speed_(speed),
        findings_(findings) {}

  // The least of the moments since the last look is what stays.
  void sample(const Usage& usage) {
    least_ = {std::min(least_.resident_mib, usage.resident_mib), std::min(least_.descriptors, usage.descriptors),
              std::min(least_.sockets, usage.sockets), std::min(least_.threads, usage.threads)};
  }
  void look(Seconds now) {
    const Usage usage = std::exchange(least_, most);
    if (now >= next_line_) print(now, usage);
    if (now <= warm_up_) {
      warm_ = {usage.resident_mib, std::max(warm_.descriptors, usage.descriptors), 0,
               std::max(warm_.threads, usage.threads)};
      least_sockets_ = std::min(least_sockets_, usage.sockets);
    }
    findings_.expect(usage.resident_mib <= warm_.resident_mib + growth_mib, at(now) + "memory grew");
    findings_.expect(usage.descriptors <= warm_.descriptors, at(now) + "descriptors grew");
    findings_.expect(usage.threads <= warm_.threads, at(now) + "threads grew");
    findings_.expect(usage.sockets <= least_sockets_ + most_visitors, at(now) + "connections grew");
  }
  void print(Seconds now, const Usage& usage) {
    std::printf("%s%9.1f MiB %5d descriptors %4d connections %4d threads, %.0f s\n", at(now).c_str(),
                usage.resident_mib, usage.descriptors, usage.sockets, usage.threads, now.count() / speed_);
    std::fflush(stdout);
    next_line_ = now + between_lines;
  }

 private:
  static std::string at(Seconds now) {
    char text[32];
    std::snprintf(text, sizeof text, "%7.0f min: ", now.count() / 60);
    return text;
  }

  const Seconds warm_up_;
  const double speed_;
  Findings& findings_;
  static constexpr Usage most{1e9, 1 << 30, 1 << 30, 1 << 30};
  Usage warm_{}, least_ = most;
  int least_sockets_ = most.sockets;
  Seconds next_line_{0};
};

std::vector<std::string> all_ports() {
  std::vector<std::string> all;
  for (int slot = 0; slot < slots; ++slot) all.push_back(port_of(slot));
  return all;
}

int run_soak(Seconds time, double speed, std::uint32_t seed) {
  const bench::Folder folder;
  Program program(folder, speed);
  const auto begun = std::chrono::steady_clock::now();
  const auto now = [&] { return Seconds((std::chrono::steady_clock::now() - begun) * speed); };
  People people(program, now, seed);
  Findings findings;
  bench::Crew crew(program.board(), all_ports(), now, seed);
  const int sockets = program.usage().sockets;
  Growth growth(time, speed, findings);
  std::printf("%.0f minutes at speed %.0f, seed %u, %d slots, load average %s\n", time.count() / 60, speed, seed, slots,
              bench::load_average().c_str());
  BoardSide board(crew, findings);
  Seconds next_sample{0}, next_look = between_looks;
  for (; now() < time; std::this_thread::sleep_for(5ms)) {
    people.act();
    if (now() < next_sample) continue;
    growth.sample(program.usage());
    next_sample = now() + between_samples;
    if (now() < next_look) continue;
    growth.look(now());
    next_look += between_looks;
  }
  board.stop();
  people.go_home();
  // Units in work are recorded, and the last visits end, before the program is told to.
  std::this_thread::sleep_for((surely_empty + Seconds(60)) / speed);
  crew.go_home();
  std::this_thread::sleep_for(2s);
  const Usage end = program.usage();
  growth.print(now(), end);
  findings.expect(end.sockets <= sockets, "connections stay that nobody has");
  const bench::Ran ran = program.end_with(SIGTERM);
  findings.expect(ran.status == 130, "exit status " + std::to_string(ran.status) + " instead of 130");
  check(folder, people, crew, findings);
  std::printf("CPU %.1f s, peak %.0f MiB, slowest answer %.3f s, load average %s, %d findings\n", ran.cpu_seconds,
              ran.peak_mib, program.slowest_answer().count(), bench::load_average().c_str(), findings.wrong());
  return findings.wrong() == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  const double minutes = count > 1 ? std::atof(words[1]) : 1440, speed = count > 2 ? std::atof(words[2]) : 36;
  std::signal(SIGPIPE, SIG_IGN);
  const int seed = count > 3 ? std::atoi(words[3]) : 1;
  if (count > 4 || minutes <= 0 || speed <= 0) {
    std::fprintf(stderr, "usage: soak [MINUTES [SPEED [SEED]]]\n");
    return 2;
  }
  try {
    return run_soak(Seconds(minutes * 60), speed, static_cast<std::uint32_t>(seed));
  } catch (const std::exception& error) {  // caught, so that the program that was started is ended
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 2;
  }
}
