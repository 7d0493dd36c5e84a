// A record with every kind of ending, by chance but the same each time: several programs one after the other, most of
// which crash with units in work; units that are known by their id, by the serial that they show, or not at all; units
// that come back to another port; retries; labels that are given twice; orders, events and decisions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "db/store.h"
#include "tests/db/sample.h"

namespace sample {

class RandomRecord {
 public:
  RandomRecord(std::string path, std::string station, std::uint32_t seed)
      : path_(std::move(path)), station_(std::move(station)), random_(seed) {}

  // One program's run; it ends orderly, or with attempts open.
  void run(int steps, bool crash) {
    open();
    for (int i = 0; i < steps; ++i) step();
    while (!crash && !in_work_.empty()) end_one();
    in_work_.clear();
    visits_.clear();
    store_.reset();
  }
  // As run(), but its program goes on until this goes away.
  void run_on(int steps) {
    open();
    for (int i = 0; i < steps; ++i) step();
  }
  db::Store& store() { return *store_; }

 private:
  struct Visit {
    db::Uuid id;
    std::string unit;
    std::int64_t attempts = 0;
  };
  struct InWork {
    db::Uuid attempt;
    std::string port;
  };

  std::size_t chance(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

  void open() {
    db::Run row = run_row();
    store_ = std::make_unique<db::Store>(path_, station_, row, uuids_);
  }
  db::Run run_row() {
    db::Run row = sample::run();
    tick();
    row.at = now_;
    row.id = uuids_.next(now_);
    return row;
  }
  void tick() { now_ += db::milliseconds(1 + chance(2000)); }

  void step() {
    tick();
    const std::size_t what = chance(12);
    if (what < 5) {
      begin_on("1-1." + std::to_string(1 + chance(7)));
    } else if (what < 10) {
      if (!in_work_.empty()) end_one();
    } else {
      beside();
    }
  }

  void begin_on(const std::string& port) {
    for (const InWork& one : in_work_) {
      if (one.port == port) return;
    }
    auto visit = visits_.find(port);
    if (visit == visits_.end() || chance(3) != 0) {
      const std::string slot = port.back() < '5' ? "A" + port.substr(4) : "";
      visit = visits_.insert_or_assign(port, Visit{uuids_.next(now_), any_unit()}).first;
      store_->append(db::VisitStarted{visit->second.id, now_, port, slot});
      if (chance(10) == 0) return;  // pulled before anything began
    }
    db::AttemptStarted started = sample::started(0, 0, ++visit->second.attempts);
    started.attempt = uuids_.next(now_);
    started.visit = visit->second.id;
    started.at = now_;
    if (chance(3) == 0) started.job = "J-8";
    if (chance(4) == 0) started.operator_name = "Grace";
    if (chance(5) == 0) started.recipe = other_recipe();
    if (shows_id_) started.serial = visit->second.unit;
    store_->append(started);
    in_work_.push_back({started.attempt, port});
  }

  static std::shared_ptr<const db::Recipe> other_recipe() {
    db::Recipe recipe = *sample::recipe("photon-0.6");
    recipe.sha256 = digest(0xCD);
    recipe.images = {image(3, "new.bin")};
    return std::make_shared<const db::Recipe>(recipe);
  }

  // Five boards that are told apart, and some that nothing tells.
  std::string any_unit() {
    static constexpr const char* shown = "3B002C00184735323634303";
    shows_id_ = chance(3) == 0;
    return chance(4) == 0 ? std::string() : shown + std::to_string(chance(5));
  }

  void end_one() {
    const std::size_t at = chance(in_work_.size());
    const InWork one = in_work_[at];
    in_work_.erase(in_work_.begin() + static_cast<std::ptrdiff_t>(at));
    db::AttemptFinished finished = chance(2) ? sample::passed(0) : sample::failed(0);
    finished.attempt = one.attempt;
    finished.at = now_;
    finished.unit.clear();
    if (chance(4) != 0) finished.unit = lower(visits_[one.port].unit);
    if (finished.fault) {
      static constexpr const char* operations[] = {"erase", "write", "read", "leave", "open", "survey", "proof", ""};
      finished.fault->operation = operations[chance(8)];
      finished.verified = chance(5) == 0 ? std::nullopt : std::optional(chance(4) == 0);
      if (chance(6) == 0) finished.outcome = chance(2) ? db::Outcome::error : db::Outcome::cancelled;
    } else {
      if (chance(4) == 0) finished.outcome = db::Outcome::already;
      if (chance(4) == 0) finished.verified.reset();  // by a recipe without read-back
    }
    store_->append(finished);
  }

  void beside() {
    if (visits_.empty()) return;
    const Visit& visit = std::next(visits_.begin(), static_cast<std::ptrdiff_t>(chance(visits_.size())))->second;
    switch (chance(4)) {
      case 0:
        return store_->append(db::Labelled{now_, visit.id, "SN-" + std::to_string(chance(6)), "Ada"});
      case 1:
        return store_->append(db::Event{now_, "recovery", std::nullopt, "A1", "It was tried again.", "{}"});
      case 2:
        if (visit.unit.empty()) return;
        return store_->append(
            db::Disposition{now_, std::nullopt, lower(visit.unit), db::Verdict::rework, "Grace", "Socket cleaned."});
      default:
        return store_->append(db::Labelled{now_, visit.id, "SN-1" + std::to_string(labels_++), "Ada"});
    }
  }

  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return text;
  }

  std::string path_, station_;
  std::mt19937 random_;
  db::UuidGenerator uuids_;
  db::Time now_ = at(0);
  std::unique_ptr<db::Store> store_;
  std::map<std::string, Visit> visits_;  // by port
  std::vector<InWork> in_work_;
  bool shows_id_ = false;
  int labels_ = 0;
};

}  // namespace sample
