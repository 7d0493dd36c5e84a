// The scheduler's values as the record's values: the only place that knows both. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "db/reader.h"
#include "scheduler/record.h"

namespace station {

// What every attempt of a run has in common.
struct RecordContext {
  std::string station;  // name
  db::Uuid installation;
  std::shared_ptr<const db::Run> run;
  std::string operator_name;
  std::string job{};
  std::string lot{};
};

class RecordRows {
 public:
  explicit RecordRows(RecordContext context) : context_(std::move(context)) {}

  // REQUIRES: every id is a UUID.
  db::Record row(const scheduler::Record& record, db::Time at);
  // A finished attempt as a reader of the record will see it.
  db::Attempt attempt(const scheduler::AttemptFinished& finished, db::Time began, db::Time ended);

 private:
  db::AttemptStarted started(const scheduler::AttemptStarted& record, db::Time at);
  db::AttemptFinished finished(const scheduler::AttemptFinished& record, db::Time at);
  void forget_unused();
  std::shared_ptr<const db::Recipe> recipe(const std::shared_ptr<const config::Recipe>& recipe);
  std::shared_ptr<const db::Image> image(const std::shared_ptr<const dfu::Image>& image);

  const RecordContext context_;
  // Each is translated once; the keys are kept alive so that an address is never used again.
  std::map<std::shared_ptr<const config::Recipe>, std::shared_ptr<const db::Recipe>> recipes_;
  std::map<std::shared_ptr<const dfu::Image>, std::shared_ptr<const db::Image>> images_;
};

}  // namespace station
