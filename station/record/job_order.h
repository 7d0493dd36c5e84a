// The production order that a run works for, checked before a unit is touched.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/recipe.h"
#include "db/reader.h"
#include "scheduler/engine.h"
#include "station/exit_status.h"

namespace station {

struct JobOrder {
  db::JobOpened opened;
  scheduler::Quota quota;
};
// The same order with who lets the line work for it: its attempts are recorded with this name.
JobOrder worked_by(JobOrder order, const std::string& operator_name);

// Why a line cannot work for an order.
struct NoOrder {
  ExitStatus status;
  std::string sentence;
};
// `job`: what the record has under that number; these are all recipes of the line. `now`: order_time().
std::variant<JobOrder, NoOrder> take_job(const std::optional<db::WorkOrder>& job, const std::string& order,
                                         const std::vector<std::shared_ptr<const config::Recipe>>& recipes,
                                         db::Time now);

// The time by which orders count: the later of this machine's clock and the record. Errors: db::Error.
db::Time order_time(const std::string& database);

// Empty if all of them may be flashed for the order.
std::string foreign_recipe(const db::JobOpened& job, const std::vector<std::shared_ptr<const config::Recipe>>& recipes);

}  // namespace station
