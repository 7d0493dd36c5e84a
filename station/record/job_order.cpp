#include "station/record/job_order.h"

#include <algorithm>
#include <limits>

#include "db/record_clock.h"
#include "station/record/anchor_text.h"

namespace station {

std::string foreign_recipe(const db::JobOpened& job,
                           const std::vector<std::shared_ptr<const config::Recipe>>& recipes) {
  if (!job.recipe) return {};
  for (const auto& recipe : recipes) {
    if (recipe && recipe->sha256 != *job.recipe) {
      return "order " + job.order + " is for recipe " + job.recipe_name + " (SHA-256 " +
             db::hex(*job.recipe).substr(0, 12) + "), and " + recipe->file +
             " is another text. Name that recipe, or open an order for this one.";
    }
  }
  return {};
}

std::variant<JobOrder, NoOrder> take_job(const std::optional<db::WorkOrder>& job, const std::string& order,
                                         const std::vector<std::shared_ptr<const config::Recipe>>& recipes,
                                         db::Time now) {
  const auto refuse = [](const std::string& sentence) { return NoOrder{ExitStatus::usage, sentence}; };
  if (!job) return refuse("there is no order " + order + ". `flashline job list` names them, `job open` begins one.");
  const db::JobOpened& opened = job->opened;
  if (job->closed) return refuse("order " + order + " was closed at " + utc(job->closed->at) + ". Open another one.");
  if (opened.at > now + db::clock_tolerance) {
    return refuse("order " + order + " was opened at " + utc(opened.at) + ", which is later than now, " + utc(now) +
                  ". Set the clock. If the clock is right, close the order and open another one.");
  }
  if (opened.until && *opened.until <= now) {
    return refuse("order " + order + " was valid until " + utc(*opened.until) + ". Close it and open another one.");
  }
  if (job->made >= opened.quantity) {
    return refuse("order " + order + " is complete: " + std::to_string(job->made) + " of " +
                  std::to_string(opened.quantity) + " units. Close it with `flashline job close`.");
  }
  if (const std::string problem = foreign_recipe(opened, recipes); !problem.empty()) {
    return NoOrder{ExitStatus::bad_recipe, problem};
  }
  const std::int64_t left = std::min<std::int64_t>(opened.quantity - job->made, std::numeric_limits<int>::max());
  const auto made_for = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{opened.order, opened.lot});
  return JobOrder{opened, {static_cast<int>(left), opened.count_already, made_for}};
}

db::Time order_time(const std::string& database) {
  return db::later_of(db::record_time(database), db::now());
}

JobOrder worked_by(JobOrder order, const std::string& operator_name) {
  scheduler::WorkOrder job = *order.quota.job;
  job.operator_name = operator_name;
  order.quota.job = std::make_shared<const scheduler::WorkOrder>(std::move(job));
  return order;
}

}  // namespace station
