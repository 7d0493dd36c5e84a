#include "station/text.h"

#include "dfu/bytes.h"
#include "reports/printable.h"

namespace station {

std::string place(const dfu::PortPath& port, const std::string& slot) {
  return slot.empty() ? port.text : slot + " (" + port.text + ")";
}

std::string sentence(const dfu::Fault& fault) {
  std::string out(dfu::to_string(fault.code));
  if (!fault.step.empty()) out += ", step " + fault.step;
  if (fault.operation) out += ", " + std::string(dfu::to_string(*fault.operation));
  if (fault.address) out += " at " + dfu::hex_address(*fault.address);
  if (fault.block) out += ", block " + std::to_string(*fault.block);
  return fault.text.empty() ? out : out + ": " + fault.text;
}

std::string_view word(scheduler::Outcome outcome) {
  switch (outcome) {
    case scheduler::Outcome::passed:
    case scheduler::Outcome::already:
      return "PASS";
    case scheduler::Outcome::failed:
      return "FAIL";
    case scheduler::Outcome::error:
      return "ERROR";
    case scheduler::Outcome::cancelled:
    case scheduler::Outcome::interrupted:
      return "STOPPED";
  }
  return "ERROR";
}

std::string proof(scheduler::Outcome outcome, std::optional<bool> verified, std::optional<bool> booted) {
  if (outcome == scheduler::Outcome::already) return "held everything already, nothing written";
  const std::string first = verified.value_or(false) ? "verified" : "not verified (waived)";
  return first + (booted.value_or(false) ? ", booted" : ", not asked to boot");
}

std::string described(const config::Recipe* recipe) {
  if (!recipe) return "each slot has its own";
  std::size_t bytes = 0;
  for (const dfu::Step& step : recipe->layout.steps) bytes += step.size();
  const std::string revision = recipe->revision.empty() ? "" : " revision " + recipe->revision;
  return recipe->name + revision + ": " + counted(recipe->layout.steps.size(), "step") + ", " + grouped(bytes) +
         " bytes";
}

std::string yes_no(std::optional<bool> value) {
  if (!value) return "not asked";
  return *value ? "yes" : "no";
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string printable(std::string_view text) {
  return reports::printable(text);
}

std::string counted(std::uint64_t number, const std::string& noun) {
  return grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace station
