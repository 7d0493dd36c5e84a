#include "station/record/record_rows.h"

#include <cmath>

#include "scheduler/fault_policy.h"
#include "station/record/image_json.h"

namespace station {

namespace {

db::milliseconds to_milliseconds(double seconds) {
  return db::milliseconds(std::llround(seconds * 1000));
}

db::Uuid uuid(const std::string& text) {
  return db::parse_uuid(text).value();
}

db::Outcome outcome(scheduler::Outcome outcome) {
  switch (outcome) {
    case scheduler::Outcome::passed:
      return db::Outcome::passed;
    case scheduler::Outcome::failed:
      return db::Outcome::failed;
    case scheduler::Outcome::error:
      return db::Outcome::error;
    case scheduler::Outcome::cancelled:
      return db::Outcome::cancelled;
    case scheduler::Outcome::interrupted:
      return db::Outcome::interrupted;
    case scheduler::Outcome::already:
      return db::Outcome::already;
  }
  return db::Outcome::error;
}

}  // namespace

std::optional<db::Fault> fault_row(const std::optional<dfu::Fault>& fault) {
  if (!fault) return std::nullopt;
  db::Fault row;
  row.code = dfu::to_string(fault->code);
  row.about = scheduler::to_string(scheduler::about(fault->code));
  row.step = fault->step;
  if (fault->operation) row.operation = dfu::to_string(*fault->operation);
  row.address = fault->address;
  row.block = fault->block;
  row.text = fault->text;
  return row;
}

db::Record RecordRows::row(const scheduler::Record& record, db::Time at) {
  struct Translate {
    RecordRows& rows;
    db::Time at;

    db::Record operator()(const scheduler::VisitStarted& visit) const {
      return db::VisitStarted{uuid(visit.visit), at, visit.port.text, visit.slot};
    }
    db::Record operator()(const scheduler::AttemptStarted& attempt) const { return rows.started(attempt, at); }
    db::Record operator()(const scheduler::AttemptFinished& attempt) const { return rows.finished(attempt, at); }
    db::Record operator()(const scheduler::Remark& remark) const {
      db::Event event{at, std::string(to_string(remark.kind)), {}, remark.about, english(remark), {}};
      if (!remark.attempt.empty()) event.attempt = uuid(remark.attempt);
      return event;
    }
    db::Record operator()(const scheduler::VisitEnded& visit) const { return db::VisitEnded{uuid(visit.visit), at}; }
  };
  return std::visit(Translate{*this, at}, record);
}

db::Attempt RecordRows::attempt(const scheduler::AttemptFinished& record, db::Time began, db::Time ended) {
  db::Attempt attempt;
  attempt.station = context_.station;
  attempt.installation = context_.installation;
  attempt.run = context_.run;
  attempt.visit = {uuid(record.started.visit), began, record.started.port.text, record.started.slot};
  attempt.started = started(record.started, began);
  attempt.finished = finished(record, ended);
  return attempt;
}

db::AttemptStarted RecordRows::started(const scheduler::AttemptStarted& record, db::Time at) {
  db::AttemptStarted row;
  row.attempt = uuid(record.attempt);
  row.visit = uuid(record.visit);
  row.number = record.number;
  row.at = at;
  row.recipe = recipe(record.recipe);
  row.operator_name = context_.operator_name;
  if (record.job) {
    row.job = record.job->order;
    row.lot = record.job->lot;
    if (!record.job->operator_name.empty()) row.operator_name = record.job->operator_name;
  }
  row.vendor = record.unit.id.vendor;
  row.product = record.unit.id.product;
  row.release = record.unit.release;
  row.serial = record.unit.serial;
  row.product_name = record.unit.product;
  return row;
}

db::AttemptFinished RecordRows::finished(const scheduler::AttemptFinished& record, db::Time at) {
  db::AttemptFinished row;
  row.attempt = uuid(record.started.attempt);
  row.at = at;
  row.outcome = outcome(record.outcome);
  row.fault = fault_row(record.fault);
  row.verified = record.verified;
  row.booted = record.booted;
  if (record.identity) row.identity = scheduler::to_string(*record.identity);
  row.unit = record.unit.value_or("");
  row.serials = record.serials;
  row.flash = to_milliseconds(record.flash_seconds);
  row.back = to_milliseconds(record.return_seconds);
  row.device_time = to_milliseconds(record.floor_seconds);
  for (const scheduler::StepDone& step : record.steps) {
    row.steps.push_back({step.name, image(step.image), step.address, step.bytes, step.written_bytes,
                         step.unchanged_bytes, step.erased_sectors, to_milliseconds(step.seconds), step.readback,
                         step.alternate});
  }
  return row;
}

std::shared_ptr<const db::Recipe> RecordRows::recipe(const std::shared_ptr<const config::Recipe>& recipe) {
  if (const auto known = recipes_.find(recipe); known != recipes_.end()) return known->second;
  std::erase_if(recipes_, [](const auto& one) { return one.first.expired(); });
  db::Recipe row{recipe->sha256, recipe->name, recipe->revision, recipe->file, recipe->text, {}};
  for (const dfu::Step& step : recipe->layout.steps) row.images.push_back(image(step.image));
  return recipes_[recipe] = std::make_shared<const db::Recipe>(std::move(row));
}

std::shared_ptr<const db::Image> RecordRows::image(const std::shared_ptr<const dfu::Image>& image) {
  if (const auto known = images_.find(image); known != images_.end()) return known->second;
  std::erase_if(images_, [](const auto& one) { return one.first.expired(); });
  db::Image row;
  row.sha256 = image->sha256;
  row.name = image->name;
  row.size = static_cast<std::int64_t>(image->file.size());
  row.kind = dfu::to_string(image->facts.kind);
  if (const std::optional<dfu::particle::Module>& module = image->facts.module) {
    row.platform = dfu::particle::to_string(module->platform);
    row.function = dfu::particle::to_string(module->function);
    row.module_index = module->index;
    row.module_version = module->version;
    row.start_address = module->start;
    row.end_address = module->end;
    row.dependencies = compact(dependencies_json(*module));
  }
  return images_[image] = std::make_shared<const db::Image>(std::move(row));
}

}  // namespace station
