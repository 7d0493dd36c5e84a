// The people who use a station's board, day and night: they sign in, open, use and close orders, pause, scan labels,
// decide about units, open slots again, look around, try what they may not, sign out or just leave; and screens that
// come, watch, fall asleep and go. What the board took is counted by who did it, to be compared with the record.
//
// One thread; it waits where people would. What is wrong is a sentence in `wrong`. Errors: std::runtime_error.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "station/board/operators.h"
#include "tests/bench/browser.h"

namespace bench {

using Seconds = std::chrono::duration<double>;  // of the line's clock

struct Person {
  std::string name;
  station::Role role;
  std::string pin;
};
// Names as people have them.
const std::vector<Person>& staff();

// What must be on record, by who did it.
struct Deeds {
  std::map<std::pair<std::string, std::string>, int> events{};  // kind, name
  std::map<std::string, int> labels{}, decisions{}, opened{}, closed{};
  int refused = 0;  // what was not allowed or made no sense: nothing of that is on record
};

struct Certificate {
  std::string order{}, text{}, signature{};
};

class Crew {
 public:
  // `ports`: of the line.
  Crew(std::uint16_t board, std::vector<std::string> ports, std::function<Seconds()> clock, std::uint32_t seed);
  ~Crew();

  // Whatever is due. To be called all the time.
  void act();
  // The last one closes every order, when no unit is left on the line; the screens go.
  void go_home();

  const Deeds& deeds() const { return deeds_; }
  const std::vector<Certificate>& certificates() const { return certificates_; }
  const std::string& last_metrics() const { return metrics_; }
  int tasks() const { return tasks_; }
  int watchers() const { return watched_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  struct Screen;
  using Answers = std::vector<int>;

  void task();
  void do_something(const Browser& browser, const Person& who);
  bool wants_order() const;
  void next_order(const Browser& browser, const Person& who);
  void other_order(const Browser& browser, const Person& who);
  bool close_order(const Browser& browser, const Person& who, const std::string& order);
  void pause_a_while(const Browser& browser, const Person& who, Seconds time);
  void await_no_unit_in_work(const Browser& browser);
  void scan_label(const Browser& browser, const Person& who);
  void decide(const Browser& browser, const Person& who);
  void release_slots(const Browser& browser, const Person& who);
  void look_around(const Browser& browser);
  void try_what_is_not_allowed(const Browser& browser);
  void screens();

  QJsonObject line() const;
  bool expect(const Page& page, const Answers& answers, const std::string& what);
  void note(const std::string& kind, const Person& who) { ++deeds_.events[{kind, who.name}]; }
  void rest(Seconds time);
  double between(double least, double most) { return std::uniform_real_distribution<>(least, most)(random_); }
  bool chance(double probability) { return between(0, 1) < probability; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[random_() % all.size()];
  }

  const std::uint16_t board_;
  const std::vector<std::string> ports_;
  const std::function<Seconds()> clock_;
  const Browser nobody_;
  std::mt19937 random_;
  Seconds next_task_{15}, next_screens_{0}, next_scrape_{0};
  std::vector<std::unique_ptr<Screen>> screens_;
  Deeds deeds_;
  std::vector<Certificate> certificates_;
  std::string metrics_;
  int tasks_ = 0, watched_ = 0, orders_ = 0, labels_ = 0;
  std::vector<std::string> wrong_;
};

}  // namespace bench
