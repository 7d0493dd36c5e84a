// The steps of a recipe while they are judged, and how errors in them are reported.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/image_fit.h"
#include "config/preflight.h"

namespace config {

// A step whose image may go to the unit.
struct Placed {
  const StepDraft* draft = nullptr;
  dfu::Step step;
  std::optional<dfu::particle::Slot> slot;

  const std::optional<dfu::particle::Module>& module() const { return step.image->facts.module; }
  const std::string& file() const { return draft->image->value; }
  bool is_image() const { return draft->image.has_value() && step.does != dfu::Step::Does::patch; }
};

// Diagnostics about steps, each with the file of its step. The report outlives it.
class StepReport {
 public:
  explicit StepReport(Report& report) : report_(report) {}

  template <class T>
  void error(const StepDraft& draft, const Given<T>& about, std::string message, std::string hint = {}) {
    report_.add({draft.file, about.place.line, about.place.column, Severity::error, about.written, std::move(message),
                 std::move(hint)});
  }

  template <class T>
  void warning(const StepDraft& draft, const Given<T>& about, std::string message, std::string hint) {
    report_.add({draft.file, about.place.line, about.place.column, Severity::warning, about.written, std::move(message),
                 std::move(hint)});
  }

  void unfit(const StepDraft& draft, const Unfit& bad) {
    const bool at_address = bad.about_address && draft.address;
    if (at_address) return error(draft, *draft.address, "'" + draft.image->value + "' " + bad.problem, bad.hint);
    error(draft, *draft.image, "'" + draft.image->value + "' " + bad.problem, bad.hint);
  }

 private:
  Report& report_;
};

}  // namespace config
