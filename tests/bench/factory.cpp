#include "tests/bench/factory.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace bench {

namespace {

using std::chrono::hours;

struct FaultKind {
  const char *code, *about, *step, *operation, *text;
  db::Outcome outcome;
  unsigned weight;
};

constexpr std::array faults{
    FaultKind{"unit-gone", "cable", "system-part2", "write",
              "The unit went away while block 40 was written. Check cable and socket.", db::Outcome::failed, 45},
    FaultKind{"verify-mismatch", "unit", "system-part2", "read",
              "The byte at 0x08061000 reads back as 0x00 and should be 0x5a.", db::Outcome::failed, 25},
    FaultKind{"not-back", "unit", "", "", "The unit did not come back in application mode within 10 s.",
              db::Outcome::failed, 15},
    FaultKind{"busy-timeout", "unit", "user", "erase", "The unit was still busy after 5 s.", db::Outcome::failed, 9},
    FaultKind{"io-error", "cable", "system-part1", "write", "The transfer of block 12 failed: I/O error.",
              db::Outcome::failed, 5},
    FaultKind{"access-denied", "station", "", "", "The unit cannot be opened: permission denied.", db::Outcome::error,
              3},
};

constexpr std::array operators{"Ada", "Grace"};

std::shared_ptr<const db::Image> image(const std::string& name, std::uint8_t digest, std::int64_t size) {
  auto image = std::make_shared<db::Image>();
  image->name = name;
  image->size = size;
  image->sha256.fill(digest);
  image->kind = "particle-module";
  image->platform = "photon";
  return image;
}

}  // namespace

Factory::Factory(db::UuidGenerator& uuids, const FactoryPlan& plan)
    : uuids_(uuids),
      plan_(plan),
      images_{image("system-part1-0.4.3-photon.bin", 0xA4, 248732),
              image("system-part2-0.4.3-photon.bin", 0xD9, 151192), image("tinker.bin", 0x4A, 5324)},
      now_(plan.begin) {
  auto recipe = std::make_shared<db::Recipe>();
  recipe->sha256.fill(7);
  recipe->name = "photon";
  recipe->revision = "A";
  recipe->text = std::string(800, '#');
  recipe->images = images_;
  recipe_ = recipe;
}

std::string Factory::job() const {
  return fmt::format("J-{}", made_ / plan_.units_per_job);
}

std::vector<db::Record> Factory::unit() {
  step_time();
  const int slot = static_cast<int>(made_ % slots);
  const db::VisitStarted visit{uuids_.next(now_), now_, fmt::format("1-{}.{}", slot / 8 + 1, slot % 8 + 1),
                               fmt::format("A{}", slot + 1)};
  last_unit_ = next_unit();
  std::vector<db::Record> out{visit};
  const bool bad_at_first = fails_in(slot);
  if (bad_at_first) attempt(visit, 1, false, out);
  const bool good = bad_at_first ? random_() % 5 != 0 : true;
  attempt(visit, bad_at_first ? 2 : 1, good, out);
  out.push_back(db::Labelled{now_ + std::chrono::seconds(8), visit.visit, fmt::format("SN-{:07}", made_), "Ada"});
  if (!good) {
    out.push_back(db::Disposition{now_ + std::chrono::minutes(20), std::nullopt, last_unit_, db::Verdict::rework,
                                  "Grace", "Socket cleaned, again tomorrow."});
    rework_.push_back({now_ + hours(24), last_unit_});
  }
  out.push_back(db::VisitEnded{visit.visit, now_ + std::chrono::seconds(12)});
  ++made_;
  return out;
}

// Nobody works at night.
void Factory::step_time() {
  now_ += plan_.interval;
  const db::milliseconds of_day = now_.time_since_epoch() % hours(24);
  if (of_day < hours(6)) now_ += hours(6) - of_day;
  if (of_day >= hours(22)) now_ += hours(30) - of_day;
}

std::string Factory::next_unit() {
  if (rework_.empty() || rework_.front().due > now_) return fmt::format("3b00{:020x}", made_);
  const std::string unit = rework_.front().unit;
  rework_.pop_front();
  return unit;
}

bool Factory::fails_in(int slot) {
  const unsigned per_mille = slot == 20 ? 220 : slot / 8 == 6 ? 50 : 18;
  return random_() % 1000 < per_mille;
}

db::AttemptStarted Factory::started(const db::VisitStarted& visit, int number) {
  db::AttemptStarted started;
  started.visit = visit.visit;
  started.number = number;
  started.at = number == 1 ? now_ : now_ + std::chrono::seconds(6);
  started.attempt = uuids_.next(started.at);
  started.recipe = recipe_;
  started.job = job();
  started.lot = fmt::format("L-{}", made_ / plan_.units_per_lot);
  started.operator_name = operators[now_.time_since_epoch() % hours(24) < hours(14) ? 0 : 1];
  started.vendor = 0x2B04;
  started.product = 0xD006;
  started.release = 0x0250;
  started.serial = last_unit_;
  started.product_name = "Photon DFU Mode";
  return started;
}

db::Uuid Factory::attempt(const db::VisitStarted& visit, int number, bool good, std::vector<db::Record>& out) {
  const db::AttemptStarted begun = started(visit, number);
  out.push_back(begun);
  db::AttemptFinished finished;
  finished.attempt = begun.attempt;
  finished.outcome = good ? db::Outcome::passed : db::Outcome::failed;
  finished.unit = begun.serial;
  finished.serials = {begun.serial};
  finished.flash = db::milliseconds(7500 + random_() % 300 + (random_() % 40 == 0 ? random_() % 3000 : 0));
  finished.back = db::milliseconds(1450 + random_() % 100);
  finished.device_time = db::milliseconds(7480);
  finished.verified = finished.booted = good;
  put_steps(finished);
  if (!good) put_fault(finished);
  finished.at = begun.at + *finished.flash + *finished.back;
  out.push_back(finished);
  ++attempts_;
  return begun.attempt;
}

void Factory::put_fault(db::AttemptFinished& finished) {
  unsigned at = random_() % 102;
  const FaultKind* kind = &faults.front();
  for (const FaultKind& each : faults) {
    kind = &each;
    if (at < each.weight) break;
    at -= each.weight;
  }
  finished.outcome = kind->outcome;
  finished.fault = db::Fault{kind->code, kind->about, kind->step, kind->operation, {}, {}, kind->text};
  finished.flash = db::milliseconds(2500 + random_() % 2000);
  finished.back = db::milliseconds(0);
  break_off(finished, kind->step);
}

// Steps before the fault were read back; its own was not, and those after it were not begun. Without a step the fault
// came before the first or, where the unit did not come back, after the last.
void Factory::break_off(db::AttemptFinished& finished, const std::string& at) {
  finished.verified = at.empty() && finished.outcome == db::Outcome::failed;
  finished.booted.reset();
  if (*finished.verified) {
    finished.booted = false;
    return;
  }
  const auto step =
      std::ranges::find_if(finished.steps, [&at](const db::Step& one) { return !at.empty() && one.name == at; });
  if (step == finished.steps.end()) {
    finished.verified.reset();
    finished.steps.clear();
    return;
  }
  step->readback.reset();
  step->written_bytes /= 2;
  finished.steps.erase(step + 1, finished.steps.end());
}

void Factory::put_steps(db::AttemptFinished& finished) const {
  constexpr std::array names{"system-part1", "system-part2", "user"};
  std::int64_t address = 0x08020000;
  for (const auto& image : images_) {
    db::Step step;
    step.name = names[finished.steps.size()];
    step.image = image;
    step.address = address;
    step.bytes = step.written_bytes = image->size;
    step.erased_sectors = 2;
    step.duration = db::milliseconds(image->size / 64);
    step.readback = image->sha256;
    finished.steps.push_back(step);
    address += 0x40000;
  }
}

}  // namespace bench
