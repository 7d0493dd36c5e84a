#include "station/sinks/hooks.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "reports/attempt_json.h"
#include "station/diagnostics/priority.h"
#include "station/record/image_json.h"
#include "station/sinks/hook_program.h"
#include "station/text.h"

namespace station {

namespace {

constexpr std::size_t most_at_once = 4;
constexpr std::size_t most_waiting = 64;  // a full line's verdicts; more means a program that keeps hanging
constexpr int low_priority = 10;

// What a program needs of ours; the rest of our environment is none of its business.
std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (const auto& [name, otherwise] :
       {std::pair("PATH", "/usr/local/bin:/usr/bin:/bin"), std::pair("HOME", "/"), std::pair("LANG", "C.UTF-8")}) {
    const char* value = std::getenv(name);
    all.push_back(std::string(name) + "=" + (value ? value : otherwise));
  }
  return all;
}

dfu::Duration longest_limit(const std::vector<config::HookConfig>& hooks) {
  dfu::Duration longest{};
  for (const config::HookConfig& hook : hooks) longest = std::max(longest, hook.timeout);
  return longest;
}

}  // namespace

Hooks::Hooks(const RecordContext& record, std::string database, std::vector<config::HookConfig> hooks,
             spdlog::logger& logger)
    : context_{record.station, std::move(database)}, logger_(logger), rows_(record) {
  reload(std::move(hooks));
}

Hooks::~Hooks() {
  close();
  for (std::jthread& thread : threads_) thread.request_stop();  // which they obey when nothing waits
}

void Hooks::reload(std::vector<config::HookConfig> hooks) {
  const bool needed = !hooks.empty() && threads_.empty();
  {
    const std::lock_guard lock(mutex_);
    hooks_ = std::move(hooks);
  }
  for (std::size_t i = 0; needed && i < most_at_once; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { work(stop); });
  }
}

void Hooks::close() {
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  dfu::Duration longest = longest_limit(hooks_);
  for (const Call& call : waiting_) longest = std::max(longest, call.hook.timeout);
  closing_ = Wall::now() + longest;
}

bool Hooks::over(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return waiting_.empty() && running_ == 0; });
}

void Hooks::on(const scheduler::Event& event, scheduler::WallTime) {
  if (const auto* fresh = std::get_if<scheduler::VisitBegan>(&event)) {
    visits_[fresh->port.text] = {fresh->visit, {}};
  } else if (const auto* ended = std::get_if<scheduler::AttemptEnded>(&event)) {
    visits_[ended->finished.started.port.text].last = *ended;
  } else if (const auto* verdict = std::get_if<scheduler::VerdictReached>(&event)) {
    follow(*verdict);
    visits_.erase(verdict->port.text);
  }
}

void Hooks::follow(const scheduler::VerdictReached& verdict) {
  std::vector<config::HookConfig> firing;
  {
    const std::lock_guard lock(mutex_);
    std::ranges::copy_if(hooks_, std::back_inserter(firing),
                         [&](const config::HookConfig& hook) { return fires(hook, verdict.outcome); });
  }
  if (firing.empty()) return;
  const Visit& visit = visits_[verdict.port.text];
  const auto last = visit.last ? std::optional(visit.last->finished) : std::nullopt;
  std::vector<std::string> environment = own_environment();
  std::ranges::move(hook_environment(context_, verdict, visit.id, last), std::back_inserter(environment));
  std::string input;
  if (visit.last) {
    input =
        compact(reports::attempt_json(rows_.attempt(visit.last->finished, visit.last->began, visit.last->at))) + "\n";
  }
  for (config::HookConfig& hook : firing) {
    post({std::move(hook), environment, input, place(verdict.port, verdict.slot)});
  }
}

void Hooks::post(Call call) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() == most_waiting) {
    const Call& oldest = waiting_.front();
    logger_.warn("hook {} for {}: not run, too many wait", oldest.hook.run[0], oldest.unit);
    waiting_.pop_front();
  }
  waiting_.push_back(std::move(call));
  changed_.notify_all();
}

void Hooks::work(std::stop_token stop) {
  give_way(low_priority);  // of this thread and what it starts
  std::unique_lock lock(mutex_);
  // True as long as something waits, even when the thread has been asked to end.
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const Call call = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    const auto closing = closing_;
    lock.unlock();
    carry_out(call, closing);
    lock.lock();
    --running_;
    changed_.notify_all();
  }
}

void Hooks::carry_out(const Call& call, std::optional<Wall::time_point> closing) {
  const std::string who = "hook " + call.hook.run[0] + " for " + call.unit;
  const Wall::time_point now = Wall::now();
  if (closing && *closing <= now) return logger_.warn("{}: not run, the program ends", who);
  const Wall::time_point limit = now + call.hook.timeout;
  const ProgramEnd end =
      run_program({call.hook.run, call.environment, call.input, closing ? std::min(limit, *closing) : limit});
  std::istringstream said(end.output);
  for (std::string line; std::getline(said, line);) logger_.info("{}: says: {}", who, printable(line));
  if (end.problem.empty()) {
    logger_.info("{}: done", who);
  } else {
    logger_.warn("{}: {}", who, end.problem);
  }
}

}  // namespace station
