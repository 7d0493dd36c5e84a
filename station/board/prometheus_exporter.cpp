#include "station/board/prometheus_exporter.h"

#include <fmt/format.h>

#include "reports/printable.h"
#include "station/board/line_json.h"
#include "station/version.h"

namespace station::board {

namespace {

// Prometheus' rule for what stands between quotes: UTF-8.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : reports::printable(text)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

void head(std::string& out, const char* name, const char* type, const char* help) {
  out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void put(std::string& out, const char* name, double value) {
  out += fmt::format("{} {}\n", name, value);
}

void put(std::string& out, const char* name, const char* label, std::string_view text, double value) {
  out += fmt::format("{}{{{}=\"{}\"}} {}\n", name, label, escaped(text), value);
}

void put_histogram(std::string& out, const char* name, const char* help, const Histogram& histogram) {
  head(out, name, "histogram", help);
  std::uint64_t sum = 0;
  for (std::size_t bin = 0; bin < histogram.counts().size(); ++bin) {
    sum += histogram.counts()[bin];
    const std::string end = bin < histogram.ends().size() ? fmt::format("{}", histogram.ends()[bin]) : "+Inf";
    out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, end, sum);
  }
  out += fmt::format("{0}_sum {1}\n{0}_count {2}\n", name, histogram.sum(), sum);
}

void put_units(std::string& out, const Counts& counts) {
  head(out, "flashline_units_total", "counter", "Units by their verdict.");
  const std::pair<const char*, int> all[] = {{"passed", counts.passed},
                                             {"already", counts.already},
                                             {"failed", counts.failed},
                                             {"error", counts.error},
                                             {"cancelled", counts.cancelled}};
  for (const auto& [outcome, units] : all) put(out, "flashline_units_total", "outcome", outcome, units);
}

void put_slots(std::string& out, const LineNow& line) {
  std::map<std::string, int> slots;
  for (const HubNow& hub : line.hubs) {
    for (const SlotNow& slot : hub.slots) ++slots[std::string(to_string(slot.state))];
  }
  head(out, "flashline_slots", "gauge", "Slots by what they do.");
  for (const auto& [state, count] : slots) put(out, "flashline_slots", "state", state, count);
}

}  // namespace

void PrometheusExporter::on(const scheduler::Event& event, scheduler::WallTime) {
  const auto* ended = std::get_if<scheduler::AttemptEnded>(&event);
  if (!ended) return;
  const std::lock_guard lock(mutex_);
  ++attempts_[std::string(scheduler::to_string(ended->finished.outcome))];
  if (ended->finished.fault) ++faults_[std::string(dfu::to_string(ended->finished.fault->code))];
  flash_seconds_.add(ended->finished.flash_seconds);
}

std::string PrometheusExporter::text(const LineNow& line, const std::string& station, const CommitTimes& commits,
                                     std::size_t boards) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  head(out, "flashline_info", "gauge", "What runs here.");
  out += fmt::format("flashline_info{{version=\"{}\",station=\"{}\",recipe=\"{}\"}} 1\n", escaped(version()),
                     escaped(station), escaped(line.recipe ? line.recipe->name : ""));
  head(out, "flashline_uptime_seconds", "gauge", "Since the line was started.");
  put(out, "flashline_uptime_seconds", line.seconds);
  put_units(out, line.counts);
  head(out, "flashline_units_first_pass_total", "counter", "Units that were good at the first attempt.");
  put(out, "flashline_units_first_pass_total", line.counts.first_pass);
  head(out, "flashline_attempts_total", "counter", "Attempts by their outcome.");
  for (const auto& [outcome, count] : attempts_) {
    put(out, "flashline_attempts_total", "outcome", outcome, static_cast<double>(count));
  }
  head(out, "flashline_faults_total", "counter", "Attempts that ended with this fault.");
  for (const auto& [code, count] : faults_)
    put(out, "flashline_faults_total", "code", code, static_cast<double>(count));
  put_slots(out, line);
  if (line.units_per_hour) {
    head(out, "flashline_units_per_hour", "gauge", "Good units, over the last ten minutes.");
    put(out, "flashline_units_per_hour", *line.units_per_hour);
  }
  if (line.still_to_make) {
    head(out, "flashline_order_left_units", "gauge", "Units still to be made for the order.");
    put(out, "flashline_order_left_units", *line.still_to_make);
  }
  head(out, "flashline_boards", "gauge", "Boards that are open.");
  put(out, "flashline_boards", static_cast<double>(boards));
  put_histogram(out, "flashline_flash_seconds", "From opening a unit to its leaving.", flash_seconds_);
  put_histogram(out, "flashline_record_commit_seconds", "Transactions of the record.", commits.seconds);
  return out;
}

}  // namespace station::board
