// Rows that the tests of db and reports share: one station, made-up units and images, times that stand still.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "db/reader.h"
#include "db/store.h"
#include "db/values.h"

namespace sample {

// A folder of its own for each test, gone afterwards.
class Folder {
 public:
  Folder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("flashline-" + std::to_string(::getpid()) + "-" + test->test_suite_name() + "." + test->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name = "flashline.db") const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// 2026-11-22T06:00:00.000Z and so many milliseconds
inline db::Time at(std::int64_t ms = 0) {
  return db::Time(db::milliseconds(1795327200000 + ms));
}

inline db::Uuid uuid(std::uint8_t n) {
  db::Uuid uuid;
  uuid.bytes = {0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n};
  return uuid;
}

inline db::Sha256 digest(std::uint8_t n) {
  db::Sha256 digest;
  digest.fill(n);
  return digest;
}

inline std::shared_ptr<const db::Image> image(std::uint8_t n, const std::string& name) {
  db::Image image;
  image.sha256 = digest(n);
  image.name = name;
  image.size = 248732;
  image.kind = "particle-module";
  image.platform = "photon";
  image.function = "system-part";
  image.module_index = n;
  image.module_version = 11;
  image.start_address = 0x08020000;
  image.end_address = 0x0805CB98;
  image.dependencies = R"([{"function":"system-part","index":2,"version":6}])";
  return std::make_shared<const db::Image>(image);
}

inline std::shared_ptr<const db::Recipe> recipe(const std::string& name = "photon-0.4.3") {
  db::Recipe recipe;
  recipe.sha256 = digest(0xAB);
  recipe.name = name;
  recipe.revision = "A";
  recipe.file = "photon.toml";
  recipe.text = "[recipe]\nname = \"" + name + "\"\n";
  recipe.images = {image(1, "part1.bin"), image(2, "part2.bin")};
  return std::make_shared<const db::Recipe>(recipe);
}

inline db::Run run(std::uint8_t n = 200) {
  db::Run run;
  run.id = uuid(n);
  run.at = at();
  run.command = "flash";
  run.software = "0.1.0";
  run.host = "bench";
  run.kernel = "6.1.0";
  run.libusb = "1.0.26";
  run.operator_name = "Ada";
  run.recipe_file = "photon.toml";
  return run;
}

inline db::VisitStarted visit(std::uint8_t n, const std::string& slot = "A2", const std::string& port = "1-1.2") {
  return {uuid(n), at(10), port, slot};
}

inline db::AttemptStarted started(std::uint8_t n, std::uint8_t of_visit, std::int64_t number = 1) {
  db::AttemptStarted started;
  started.attempt = uuid(n);
  started.visit = uuid(of_visit);
  started.number = number;
  started.at = at(20);
  started.recipe = recipe();
  started.job = "J-7";
  started.lot = "L-9";
  started.operator_name = "Ada";
  started.vendor = 0x2B04;
  started.product = 0xD006;
  started.release = 0x0200;
  started.serial = "00000000010C";
  started.product_name = "Photon DFU Mode";
  return started;
}

inline db::Step step(const std::string& name, std::shared_ptr<const db::Image> image, std::int64_t address) {
  db::Step step;
  step.name = name;
  step.address = address;
  step.bytes = image->size;
  step.written_bytes = image->size;
  step.erased_sectors = 2;
  step.duration = db::milliseconds(3900);
  step.readback = image->sha256;
  step.image = std::move(image);
  return step;
}

inline db::AttemptFinished passed(std::uint8_t n) {
  db::AttemptFinished finished;
  finished.attempt = uuid(n);
  finished.at = at(9210);
  finished.outcome = db::Outcome::passed;
  finished.verified = true;
  finished.booted = true;
  finished.unit = "3b002c001847353236343033";
  finished.serials = {"00000000010C", "00000000050C"};
  finished.flash = db::milliseconds(7610);
  finished.back = db::milliseconds(1580);
  finished.device_time = db::milliseconds(7520);
  finished.identity = "id";
  finished.steps = {step("system-part1", image(1, "part1.bin"), 0x08020000),
                    step("system-part2", image(2, "part2.bin"), 0x08060000)};
  return finished;
}

inline db::AttemptFinished failed(std::uint8_t n) {
  db::AttemptFinished finished;
  finished.attempt = uuid(n);
  finished.at = at(5000);
  finished.outcome = db::Outcome::failed;
  db::Fault fault;
  fault.code = "verify-mismatch";
  fault.about = "unit";
  fault.step = "system-part2";
  fault.operation = "read";
  fault.address = 0x08061000;
  fault.block = 3;
  fault.text = "The byte at 0x08061000 reads back as 0x00 and should be 0x5a.";
  finished.fault = fault;
  finished.verified = false;
  finished.serials = {"00000000010C"};
  finished.flash = db::milliseconds(4100);
  finished.back = db::milliseconds(0);
  finished.device_time = db::milliseconds(4000);
  finished.steps = {step("system-part1", image(1, "part1.bin"), 0x08020000)};
  finished.steps.front().readback.reset();
  return finished;
}

inline db::JobOpened job(const std::string& order = "J-7") {
  db::JobOpened job;
  job.at = at(1);
  job.order = order;
  job.product = "gadget";
  job.lot = "L-9";
  job.recipe_name = "photon";
  job.recipe = digest(0x77);
  job.quantity = 5;
  job.until = at(100000);
  job.operator_name = "Ada";
  return job;
}

// What is recorded beside the attempts, once each, about attempt and visit `n`.
inline std::vector<db::Record> beside(std::uint8_t attempt, std::uint8_t visit) {
  return {job(), db::Event{at(30), "recovery", uuid(attempt), "A2", "The unit was reset.", R"({"rung":"reset"})"},
          db::Disposition{at(40), uuid(attempt), {}, db::Verdict::waiver, "Grace", "Seen by eye."},
          db::Labelled{at(50), uuid(visit), "SN-0001", "Ada"},
          db::JobClosed{at(60), "J-7", "Ada", "done", "certificate"}};
}

}  // namespace sample
