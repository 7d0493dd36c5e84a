// Values of the scheduler for tests that only need some: one recipe of one small image, and attempts with it.
#pragma once

#include "db/uuid.h"
#include "scheduler/observer.h"

namespace station {

inline std::shared_ptr<const config::Recipe> sample_recipe() {
  auto recipe = std::make_shared<config::Recipe>();
  recipe->file = "r.toml";
  recipe->text = "[recipe]\n";
  recipe->sha256 = dfu::sha256(dfu::Bytes{1});
  recipe->name = "made-up";
  recipe->revision = "B";
  recipe->layout.steps = {{"user", dfu::make_image("user.bin", dfu::Bytes(1000, 7)), 0x080A0000, {}}};
  return recipe;
}

inline scheduler::AttemptStarted sample_start(const std::string& port, db::UuidGenerator& uuids) {
  static const std::shared_ptr<const config::Recipe> recipe = sample_recipe();
  scheduler::AttemptStarted started;
  started.attempt = db::to_string(uuids.next());
  started.visit = db::to_string(uuids.next());
  started.port = {port};
  started.slot = "A2";
  started.unit.port = {port};
  started.unit.id = {0x2B04, 0xD006};
  started.unit.release = 0x0200;
  started.unit.serial = "00000000010C";
  started.unit.product = "PHOTON DFU Mode";
  started.recipe = recipe;
  return started;
}

inline scheduler::AttemptFinished sample_pass(scheduler::AttemptStarted started) {
  scheduler::AttemptFinished finished;
  finished.outcome = scheduler::Outcome::passed;
  finished.verified = true;
  finished.booted = true;
  finished.serials = {"00000000010C", "00000000050C"};
  finished.flash_seconds = 7.6114;
  finished.return_seconds = 1.58;
  finished.floor_seconds = 7.52;
  finished.steps = {
      {"user", started.recipe->layout.steps[0].image, 0x080A0000, 1000, 900, 100, 1, 3.9, dfu::Sha256{5}}};
  finished.started = std::move(started);
  return finished;
}

inline scheduler::AttemptFinished sample_failure(scheduler::AttemptStarted started) {
  scheduler::AttemptFinished finished = sample_pass(std::move(started));
  finished.outcome = scheduler::Outcome::failed;
  finished.verified = false;
  finished.booted.reset();
  finished.fault = dfu::Fault{.code = dfu::FaultCode::verify_mismatch,
                              .step = "user",
                              .operation = dfu::OperationKind::read,
                              .address = 0x080A0123,
                              .block = 3,
                              .text = "0x55 stands where 0x5a was written."};
  return finished;
}

}  // namespace station
