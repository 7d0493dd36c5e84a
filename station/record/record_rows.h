// The scheduler's values as the record's values: the only place that knows both. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
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
};

std::optional<db::Fault> fault_row(const std::optional<dfu::Fault>& fault);

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
  std::shared_ptr<const db::Recipe> recipe(const std::shared_ptr<const config::Recipe>& recipe);
  std::shared_ptr<const db::Image> image(const std::shared_ptr<const dfu::Image>& image);

  // Each is translated once, and forgotten when nobody uses it: a station that often reads its files again must
  // not keep all the images that it ever had. Weak, for there are several of this class in a program.
  template <class From, class To>
  using Translated = std::map<std::weak_ptr<const From>, std::shared_ptr<const To>, std::owner_less<>>;

  const RecordContext context_;
  Translated<config::Recipe, db::Recipe> recipes_;
  Translated<dfu::Image, db::Image> images_;
};

}  // namespace station
