// The line as one state machine: which units are begun, where and when, for whose order, and what is known about ports,
// hubs and units from one visit to the next. Pure: it gets what happened and when, and returns what to do; no thread,
// no clock, no I/O. The engine carries its effects out in the order in which they come.
//
// What one unit goes through is its Visit's business. The line lets visits begin (Admission), tells each port what it
// works by, remembers units (KnownUnits), ports and hubs (Trust), counts, and ends when all is done.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/admission.h"
#include "scheduler/enumerations.h"
#include "scheduler/known_units.h"
#include "scheduler/line_messages.h"
#include "scheduler/trust.h"

namespace scheduler {

class Line {
 public:
  // `power`: there are hubs that may be asked to switch a port's power.
  Line(LineOptions options, bool power);

  std::vector<Effect> on(Input input, dfu::Duration now);

 private:
  // The bus, and what ports say.
  void hear(input::Begin&);
  void hear(input::Arrived& arrived);
  void hear(input::Left& left);
  void hear(input::Listed&);
  void hear(input::Settled&);
  void hear(input::PlaceWanted& wanted);
  void hear(input::PlaceReleased& released);
  void hear(input::WorkChanged& work);
  void hear(input::TimeOver&) { admit(); }
  void hear(input::PowerWanted& power);
  void hear(input::PowerSwitched& power);
  // People.
  void hear(input::Stop& stop);
  void hear(input::Halt& halt);
  void hear(input::Pause& pause);
  void hear(input::Release& release);
  void hear(input::Skip& skip);
  void hear(input::Commission& commission);
  void hear(input::WorkFor& work);
  void hear(input::Reload& reload);
  void hear(input::Say& say) { remark(std::move(say.remark)); }
  // What happens to units.
  void hear(input::Happened& happened);
  void on_event(UnitArrived& event);
  void on_event(UnitLeft& event);
  void on_event(AttemptBegan& event);
  void on_event(AttemptEnded& event);
  void on_event(Judged& event);
  void on_event(VerdictReached& event);
  template <typename Other>
  void on_event(Other& event) {
    show(std::move(event));
  }

  bool allowed(const dfu::PortPath& port) const;
  VisitSetting setting_for(const dfu::PortPath& port) const;
  void use(const dfu::PortPath& port);
  void set_again(const dfu::PortPath& port);
  void set_all_again();
  void tell_all(const VisitInput& input);
  void open_or_close();
  void admit();
  void show_waits();
  void stop(StopKind kind);
  void finish_if_done();
  void note_access(const dfu::PortPath& port, const std::optional<dfu::Fault>& fault);
  void count(const VerdictReached& verdict);
  void count_made(const AttemptFinished& finished);
  int width_of(const dfu::PortPath& hub) const;
  void change_hub(const dfu::PortPath& hub, HubThrottle::State state, const HubChange& change);

  void remark(Remark remark);
  void show(Event event) { want(effect::Show{std::move(event)}); }
  void tell(const dfu::PortPath& port, VisitInput input) { want(effect::TellPort{port, std::move(input)}); }
  void want(Effect effect) { effects_.push_back(std::move(effect)); }

  const LineOptions options_;
  const bool power_;
  LineSettings settings_;
  dfu::Duration now_{};
  std::vector<Effect> effects_;

  Admission admission_;
  std::optional<dfu::Duration> wake_at_;  // as wanted last
  std::optional<Quota> quota_;
  bool paused_ = false, commissioning_ = false;
  std::set<dfu::PortPath> ports_;                      // in use
  std::map<dfu::PortPath, dfu::UnitHandle> occupied_;  // what the bus says, of ports that are not in use, too
  std::set<dfu::PortPath> skipped_;                    // by a person, while the line runs
  Enumerations enumerations_;
  KnownUnits units_;
  Trust trust_;
  std::map<dfu::PortPath, AttemptFinished> last_ended_;  // of visits without a verdict
  std::map<dfu::PortPath, std::string> writers_;         // the visit that wrote there last
  std::set<dfu::PortPath> denied_;                       // whose unit may not be opened
  Totals totals_;
  int in_work_ = 0;
  bool listed_ = false;
  std::optional<StopKind> stopping_;
  bool finished_ = false;
};

}  // namespace scheduler
