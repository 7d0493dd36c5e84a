#include "tests/bench/crew.h"

#include <QJsonArray>
#include <QUrl>
#include <algorithm>
#include <stdexcept>
#include <thread>

#include "reports/json_text.h"

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_screens = 8;
constexpr Seconds longest_work = 10min;  // of a unit with its retries: then something hangs

using reports::text;

std::string encoded(const std::string& part) {
  return QUrl::toPercentEncoding(text(part)).toStdString();
}

}  // namespace

const std::vector<Person>& staff() {
  static const std::vector<Person> all = {{"li", station::Role::works, "1234"},
                                          {"O'Brien \"Pat\"", station::Role::works, "pa55 word"},
                                          {"wang", station::Role::supervises, "56789"},
                                          {"\u738b\u82b3", station::Role::supervises, "\u56db\u4e94\u516d\u4e03"}};
  return all;
}

struct Crew::Screen {
  Watcher watcher;
  Seconds until;
  bool asleep;  // reads nothing
};

Crew::Crew(std::uint16_t board, std::vector<std::string> ports, std::function<Seconds()> clock, std::uint32_t seed)
    : board_(board), ports_(std::move(ports)), clock_(std::move(clock)), nobody_(board), random_(seed) {}

Crew::~Crew() = default;

void Crew::act() {
  if (clock_() >= next_screens_) screens();
  if (clock_() >= next_scrape_) {
    const Page page = nobody_.get("/metrics");
    if (expect(page, {200}, "/metrics")) metrics_ = page.body;
    next_scrape_ = clock_() + 15s;
  }
  if (clock_() >= next_task_) {
    task();
    next_task_ = clock_() + Seconds(between(10, 120));
  }
}

void Crew::go_home() {
  const Person& last = staff().back();
  Browser browser(board_);
  if (browser.sign_in(last.name, last.pin) != 200) return wrong_.push_back("the last one was not let in");
  note("signed-in", last);
  pause_a_while(browser, last, 0s);
  for (const QJsonValue& job : browser.get("/api/jobs").json()["jobs"].toArray()) {
    if (job["state"].toString() != "open") continue;
    if (!close_order(browser, last, job["order"].toString().toStdString())) wrong_.push_back("an order stays open");
  }
  if (expect(browser.post("/api/session/end"), {200}, "signing out")) note("signed-out", last);
  screens_.clear();
  metrics_ = nobody_.get("/metrics").body;
}

// ---- one person, from coming to going

void Crew::task() {
  ++tasks_;
  const bool order_is_wanted = wants_order();
  const Person* who = &one_of(staff());
  while (order_is_wanted && who->role != station::Role::supervises) who = &one_of(staff());
  Browser browser(board_);
  if (chance(0.1) && browser.sign_in(who->name, "wrong") != 403) wrong_.push_back("a wrong PIN was not refused");
  if (const int status = browser.sign_in(who->name, who->pin); status != 200) {
    return wrong_.push_back(who->name + " was not let in: status " + std::to_string(status));
  }
  note("signed-in", *who);
  if (order_is_wanted) next_order(browser, *who);
  for (double more = between(1, 5); more >= 1; --more) {
    do_something(browser, *who);
    rest(Seconds(between(1, 5)));
  }
  if (chance(0.1)) return;  // just goes away
  if (expect(browser.post("/api/session/end"), {200}, "signing out")) note("signed-out", *who);
  expect(browser.post("/api/line/pause"), {401}, "a person who signed out");
}

void Crew::do_something(const Browser& browser, const Person& who) {
  const bool supervises = who.role == station::Role::supervises;
  const double what = between(0, 1);
  if (what < 0.35) return scan_label(browser, who);
  if (what < 0.50) return look_around(browser);
  if (what < 0.60) return pause_a_while(browser, who, Seconds(between(1, 6)));
  if (what < 0.65) return other_order(browser, who);
  if (!supervises) return try_what_is_not_allowed(browser);
  if (what < 0.85) return decide(browser, who);
  if (what < 0.97) return release_slots(browser, who);
  next_order(browser, who);
}

// ---- orders

QJsonObject Crew::line() const {
  return nobody_.get("/api/state").json()["line"].toObject();
}

bool Crew::wants_order() const {
  const QJsonObject job = line()["job"].toObject();
  return job.isEmpty() || job["left"].toInt() == 0;
}

// Closes the one the line works for, if there is one, and gives it the next.
void Crew::next_order(const Browser& browser, const Person& who) {
  if (const std::string current = line()["job"].toObject()["order"].toString().toStdString(); !current.empty()) {
    if (!close_order(browser, who, current)) return;
  }
  const std::string order = "PO/" + std::to_string(++orders_) + (chance(0.2) ? " \u7b2c\u4e00" : "");
  QJsonObject wanted{{"order", text(order)},
                     {"product", "Photon \"retail\""},
                     {"lot", text("L" + std::to_string(orders_ / 3))},
                     {"quantity", static_cast<int>(between(1, 800))}};
  if (chance(0.2)) wanted["recipe"] = "soak";
  if (!expect(browser.post("/api/jobs", wanted), {200}, "opening an order")) return;
  ++deeds_.opened[who.name];
  expect(browser.post("/api/jobs", wanted), {409}, "an order of the same number");
  const Page used = browser.post("/api/jobs/" + encoded(order) + "/use");
  // The recipe may have been read again just now.
  if (expect(used, {200, 409}, "using an order") && used.status == 200) note("order-used", who);
}

// Leaves the one the line works for as it is, and goes on with another.
void Crew::other_order(const Browser& browser, const Person& who) {
  const QString current = line()["job"].toObject()["order"].toString();
  for (const QJsonValue& job : browser.get("/api/jobs").json()["jobs"].toArray()) {
    const QString order = job["order"].toString();
    if (job["state"].toString() != "open" || order == current || job["left"].toInt() == 0) continue;
    const Page used = browser.post("/api/jobs/" + encoded(order.toStdString()) + "/use");
    if (expect(used, {200, 409}, "using another order") && used.status == 200) note("order-used", who);
    return;
  }
}

bool Crew::close_order(const Browser& browser, const Person& who, const std::string& order) {
  const std::string path = "/api/jobs/" + encoded(order);
  Page closed = browser.post(path + "/close", {{"reason", "end of \"shift\"\nsoak"}});
  if (closed.status == 409) {
    if (expect(browser.post("/api/line/pause"), {200}, "pausing")) note("paused", who);
    await_no_unit_in_work(browser);
    closed = browser.post(path + "/close", {{"reason", "changed"}});
    if (expect(browser.post("/api/line/resume"), {200}, "going on")) note("resumed", who);
  }
  // A person at the line may have made it go on meanwhile.
  if (!expect(closed, {200, 409}, "closing order " + order) || closed.status == 409) return false;
  ++deeds_.closed[who.name];
  certificates_.push_back(
      {order, browser.get(path + "/certificate").body, browser.get(path + "/certificate.minisig").body});
  return true;
}

void Crew::await_no_unit_in_work(const Browser& browser) {
  const Seconds limit = clock_() + longest_work;
  const auto in_work = [&] {
    for (const QJsonValue& hub : browser.get("/api/state").json()["hubs"].toArray()) {
      for (const QJsonValue& slot : hub["slots"].toArray()) {
        if (slot["state"].toString() == "working" || slot["state"].toString() == "between") return true;
      }
    }
    return false;
  };
  while (in_work()) {
    if (clock_() > limit) return wrong_.push_back("units are in work for ten minutes on a line that pauses");
    rest(2s);
  }
}

// ---- what else they do

void Crew::pause_a_while(const Browser& browser, const Person& who, Seconds time) {
  if (time > 0s) {
    if (expect(browser.post("/api/line/pause"), {200}, "pausing")) note("paused", who);
    rest(time);
  }
  if (expect(browser.post("/api/line/resume"), {200}, "going on")) note("resumed", who);
}

void Crew::scan_label(const Browser& browser, const Person& who) {
  if (labels_ == 0 || chance(0.8)) ++labels_;  // now and then somebody scans the same label once more
  const QJsonObject scanned{
      {"label", text("SN-" + std::to_string(labels_))}, {"slot", text(one_of(ports_))}, {"again", chance(0.1)}};
  const Page page = browser.post("/api/labels", scanned);
  if (!expect(page, {200, 409}, "scanning a label")) return;
  if (page.status == 200 && !page.json()["was_there"].toBool()) ++deeds_.labels[who.name];
}

void Crew::decide(const Browser& browser, const Person& who) {
  const QJsonArray attempts = browser.get("/api/slots/" + one_of(ports_)).json()["attempts"].toArray();
  if (attempts.isEmpty()) return;
  const QJsonObject decision{{"attempt", attempts[0]["attempt"]},
                             {"kind", text(one_of<std::string>({"rework", "scrap", "waiver", "comment"}))},
                             {"reason", "bent \\ \"pin\" \u5f2f\u811a"}};
  if (expect(browser.post("/api/dispositions", decision), {200}, "a decision")) ++deeds_.decisions[who.name];
}

void Crew::release_slots(const Browser& browser, const Person& who) {
  for (const QJsonValue& hub : browser.get("/api/state").json()["hubs"].toArray()) {
    for (const QJsonValue& slot : hub["slots"].toArray()) {
      if (slot["state"].toString() != "quarantined") continue;
      const Page page = browser.post("/api/slots/" + slot["port"].toString().toStdString() + "/release");
      if (expect(page, {200, 409}, "opening a slot") && page.status == 200) note("released", who);
    }
  }
}

void Crew::look_around(const Browser& browser) {
  const std::string label = "SN-" + std::to_string(1 + static_cast<int>(between(0, labels_)));
  expect(browser.get("/api/health"), {200}, "health");
  expect(browser.get("/api/jobs"), {200}, "orders");
  expect(browser.get("/api/slots/" + one_of(ports_)), {200}, "a slot");
  expect(browser.get("/api/units?query=" + label), {200}, "units by label");
  expect(browser.get("/api/units/" + label), {200, 404}, "a unit");
  expect(browser.get("/api/units?query=00000000010C"), {200}, "units by a serial that all have");
  expect(browser.get("/"), {200}, "the page");
  if (!certificates_.empty()) {
    expect(browser.get("/api/jobs/" + encoded(one_of(certificates_).order)), {200}, "an order that is closed");
  }
}

void Crew::try_what_is_not_allowed(const Browser& browser) {
  const std::pair<std::string, QJsonObject> tries[] = {
      {"/api/jobs", {{"order", "X"}, {"quantity", 1}}},
      {"/api/jobs/X/close", {}},
      {"/api/slots/" + one_of(ports_) + "/release", {}},
      {"/api/dispositions", {{"attempt", "0"}, {"kind", "scrap"}, {"reason", "no"}}}};
  for (const auto& [path, body] : tries) {
    if (expect(browser.post(path, body), {403}, path + " by an operator")) ++deeds_.refused;
    if (expect(nobody_.post(path, body), {401}, path + " by nobody")) ++deeds_.refused;
  }
  if (expect(browser.post("/api/labels", {{"label", "SN"}}), {400}, "a label without a slot")) ++deeds_.refused;
}

// ---- screens

void Crew::screens() {
  for (const auto& screen : screens_) {
    if (screen->asleep || screen->watcher.look()) continue;
    wrong_.push_back("the board ended a screen that watched");
    screen->until = 0s;
  }
  std::erase_if(screens_, [&](const auto& screen) {
    if (!screen->watcher.in_order()) wrong_.push_back("a screen was shown an older picture after a newer one");
    return screen->until <= clock_();
  });
  if (screens_.size() < most_screens && chance(0.1)) {
    screens_.push_back(
        std::unique_ptr<Screen>(new Screen{Watcher(board_), clock_() + Seconds(between(1, 600)), chance(0.25)}));
    ++watched_;
  }
  next_screens_ = clock_() + 3s;
}

bool Crew::expect(const Page& page, const Answers& answers, const std::string& what) {
  if (std::ranges::count(answers, page.status) > 0) return true;
  wrong_.push_back(what + ": status " + std::to_string(page.status) + ", " + page.body.substr(0, 300));
  return false;
}

void Crew::rest(Seconds time) {
  for (const Seconds end = clock_() + time; clock_() < end; std::this_thread::sleep_for(5ms)) {
    if (clock_() >= next_screens_) screens();
  }
}

}  // namespace bench
