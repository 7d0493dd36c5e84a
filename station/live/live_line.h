// The state of the line as it is now: what console and board show. `LineState` is a pure value that events and a time
// are folded into; `LiveLine` keeps one for all threads: it gets the events from the engine, and a screen asks for a
// snapshot. What a screen shows is a state, a code or a value, so that each screen can say it
// in its own words; the texts beside them are English, for the console. Times are the line's clock; seconds are its
// seconds.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dfu/clock.h"
#include "dfu/hubs.h"
#include "scheduler/engine.h"
#include "scheduler/observer.h"

namespace station {

enum class SlotState {
  empty,        // and nothing has been here
  foreign,      // holds something that this line leaves alone
  queued,       // a unit waits for its turn
  working,      // an attempt runs
  between,      // an attempt failed, another one comes: at once, or when the unit that left is back
  verdict,      // kept until the next insertion; whether the unit is still there says `present`
  quarantined,  // closed, `quarantine` says why; a unit that is plugged in is not touched
  skipped,      // left alone, `skip` says by whose word; a unit that is plugged in is not touched
  no_hub,       // the hub of this socket is not connected
};

// What a person does here now (station/live/advice.h).
enum class Advice {
  none,
  wait,
  plug_in,     // a unit, into an empty socket
  plug_next,   // another one: the last one was taken out
  plug_back,   // the unit that was pulled
  unplug,      // good, or not for this socket
  try_again,   // unplug it, and plug it in again
  set_aside,   // unplug it: this unit is bad
  get_help,    // unplug it, and call a supervisor
  replug_hub,  // the port has lost its power
};

// Units in a row that failed on one port, from which on a person looks at socket and cable: a port whose units fail one
// time in twenty by themselves comes to that once in 8000 units (scheduler/quarantine.h).
constexpr int hint_after = 3;

// Why units in a slot are left alone.
struct Skip {
  enum class By {
    somebody,   // while the line runs, and for a reason
    file,       // the station file
    no_recipe,  // there is none for this slot
  } by = By::somebody;
  std::string reason{};  // a sentence, or what a person typed
};

// How an attempt ended.
struct Ending {
  scheduler::Outcome outcome = scheduler::Outcome::error;
  std::optional<dfu::Fault> fault{};
  std::optional<bool> verified{}, booted{};
  double seconds = 0;  // from open to proof
};

struct SlotNow {
  dfu::PortPath port{};
  std::string label{};  // empty: the port's path is all the name it has
  SlotState state = SlotState::empty;
  bool present = false;
  std::string visit{};           // id; empty: none has been
  std::string serial{};          // of this visit, as it was shown last; empty: none
  std::string unit{};            // chip or device id of this visit's unit, once it could be read
  int attempt = 0;               // the number of the one that runs or ran last, of this visit
  std::optional<Ending> last{};  // the last attempt of this visit that has ended
  std::optional<scheduler::Outcome> verdict{};
  bool taken_out = false;                     // with the verdict: the unit left after it
  bool asked = false;                         // with the verdict: nothing but a person can bring this unit back
  bool without_power = false;                 // with the verdict: the hub did not switch this port on again
  int failed_in_a_row = 0;                    // units, by what a socket or a cable can cause; from hint_after on a hint
  std::string quarantine{};                   // why this port is closed, in English; empty: it is in use
  std::optional<scheduler::Remark> closed{};  // by which it was closed
  std::optional<Skip> skip{};                 // from the next unit on, at least
  std::optional<scheduler::Wait> wait{};      // queued: for this; nothing: it is about to begin
  bool hub_stopped = false;                   // no unit is started here before a person releases the hub
  bool missed = false;  // foreign: it came while nothing was worked on here, and may be for this line
  // Of an attempt that runs. Phase and step as scheduler::Progress; before the first "open", after leave "proof".
  dfu::OperationKind phase = dfu::OperationKind::open;
  std::string step{};
  double fraction = 0;
  std::optional<double> bytes_per_second{};  // over the last second, while data is moved
  std::optional<double> left_seconds{};      // at the pace so far; nothing while nobody can know
  double stuck_seconds = 0;                  // since anything was finished

  const std::string& name() const { return label.empty() ? port.text : label; }
};

// A hub that failed too often: it takes fewer units, or none.
struct HubTrouble {
  bool stopped = false;
  scheduler::Remark said{};  // by which it came to be so
};

struct HubNow {
  dfu::PortPath port{};
  std::string label{};
  dfu::TransactionTranslator tt = dfu::TransactionTranslator::none;
  std::optional<double> bus_load{};  // single TT: of its 12 Mbit/s, by payload, 0..1
  std::vector<SlotNow> slots{};      // in port order
  bool missing = false;              // it is not connected
  std::optional<HubTrouble> trouble{};

  const std::string& name() const { return label.empty() ? port.text : label; }
};

// The last thing beside the attempts that people should know: what `code` and `values` say in English, and where.
struct LineNote {
  std::string code{};  // "port-closed"; empty: there is nothing
  scheduler::RemarkValues values{};
  std::string about{};  // port, hub, slot or unit id; empty: the line
  std::string slot{};   // its label, if it is about a port that has one
  std::string text{};   // in English
};

// What keeps the line from finishing more units now.
struct Bottleneck {
  enum class By {
    people,       // nothing is in work, or more slots wait for a unit to be brought or taken away than are in work
    units,        // units are in work and take the time they need
    bus,          // units behind one single-TT hub wait for one another's time on its 12 Mbit/s
    limit,        // units that could begin wait for the station's cap, a hub's width, or the stagger
    pause,        // units that could begin wait because a person paused the line
    order,        // nothing is begun: the order is complete, or there is none yet
    hub_stopped,  // units that could begin wait until a person releases their hub, which failed too often
    hub_slowed,   // units that could begin wait because their hub, which failed too often, takes fewer at once
  } by = By::people;
  int slots = 0;       // people: that wait for them; units: in work; bus: behind the hub; else: units that wait
  std::string name{};  // bus, hub_...: the hub; limit: the hub whose width it is; empty: the station's
  // Bus: than each unit would be without the others. Units: than their device time, behind every hub: where that is
  // much, the units or this machine are slow, and the line cannot tell which.
  double times_slower = 1;
};

struct Counts {  // units by their verdict
  int units = 0;
  int passed = 0;
  int already = 0;
  int failed = 0;
  int error = 0;
  int cancelled = 0;
  int attempts = 0;
  int first_pass = 0;  // good at the first attempt

  int good() const { return passed + already; }
};

enum class RunState {
  running,
  paused,
  commissioning,  // sockets get their labels, and no unit is worked on
  halted,         // a person stopped all work: as paused, and what was in work ends before its time
  stopping,       // the run ends
  stopping_at_once,
};

struct LineNow {
  std::shared_ptr<const config::Recipe> recipe{};                // null: each slot has its own
  std::vector<std::shared_ptr<const config::Recipe>> recipes{};  // these, too
  RunState state = RunState::running;
  double seconds = 0;  // since the start
  std::vector<HubNow> hubs{};
  Counts counts{};
  std::optional<int> still_to_make{};  // for the order
  // Where that is not the one of the start. Empty: none, and nothing is begun.
  std::optional<std::string> order{};
  bool without_order = false;  // a supervisor said so: `order` is empty, and units are started all the same
  std::optional<std::string> operator_name{};  // whose units they are; nothing: as at the start
  LineNote note{};
  // Good ones over the last ten minutes or, while the line has not worked so long, since the first attempt, but at
  // least over one minute: a first batch promises no rate that nobody has kept up yet. Nothing before a verdict.
  std::optional<double> units_per_hour{};
  Bottleneck bound{};
};

// Which ports are shown from the start: those that were chosen, else those that the station file names, else all of all
// hubs. A port where a unit is worked on is shown in any case.
struct LineSetup {
  scheduler::LineSettings settings{};
  dfu::Topology topology{};
  std::vector<dfu::PortPath> only_ports{};
  bool stay = false;                   // people bring more units
  std::optional<int> still_to_make{};  // at the start, for the order
};

class LineState {
 public:
  LineState(LineSetup setup, dfu::Duration now);

  void fold(const scheduler::Event& event, dfu::Duration now);
  void reload(scheduler::LineSettings settings);
  void enter(RunState state) { state_ = state; }
  // Units in this port are left alone from now on; nothing: they are flashed again.
  void skip(const dfu::PortPath& port, const std::optional<std::string>& reason);
  void note(LineNote note) { note_ = std::move(note); }
  // Hubs are elsewhere now. The sockets of one that is missing ask for nothing.
  void see(const dfu::Topology& topology);

  LineNow at(dfu::Duration now) const;

 private:
  // A stretch of an attempt in which data was moved: what it took, and what it would have taken a unit alone.
  struct Stretch {
    dfu::PortPath port{};
    dfu::Duration end{};
    double elapsed = 0;
    double device_time = 0;
    double bytes = 0;
  };
  struct Moved {
    dfu::Duration at{};
    std::uint64_t bytes = 0;
  };
  struct Slot {
    SlotNow now{};
    bool over = false;              // the visit is: the verdict is a reminder
    dfu::Duration got_on{};         // when anything was finished last
    scheduler::Progress last{};     // of this attempt, when it got on last; `open` until it does
    scheduler::Progress planned{};  // of this attempt, when it first had a plan
    std::deque<Moved> moved{};      // in this phase
  };
  struct Hub {
    std::string label;
    dfu::TransactionTranslator tt = dfu::TransactionTranslator::none;
    std::deque<Stretch> stretches;  // the newest last
  };
  // How full a shared bus is and what that does.
  struct Traffic {
    int units = 0;
    double load = 0;
    double times_slower = 1;  // as Bottleneck's
  };

  void hear(const scheduler::UnitArrived& event);
  void hear(const scheduler::UnitLeft& event);
  void hear(const scheduler::VisitBegan& event);
  void hear(const scheduler::VisitOver& event);
  void hear(const scheduler::UnitWaits& event);
  void hear(const scheduler::AttemptBegan& event);
  void hear(const scheduler::Progress& event);
  void hear(const scheduler::AttemptEnded& event);
  void hear(const scheduler::Judged&) {}  // what a dry run finds is a list, not a state
  void hear(const scheduler::VerdictReached& event);
  void hear(const scheduler::UnitMade& event) { setup_.still_to_make = event.left; }
  void hear(const scheduler::JobTaken& event);
  void hear(const scheduler::Remarked& event);

  void name_slots();
  bool is_at_rest(const Slot& slot) const;
  std::vector<dfu::PortPath> known_ports() const;
  std::vector<std::shared_ptr<const config::Recipe>> recipes() const;
  Slot& slot(const dfu::PortPath& port, const std::string& label);
  Slot& show(const dfu::PortPath& port);
  std::optional<Skip> skip_of(const dfu::PortPath& port) const;
  bool is_missing(const dfu::PortPath& hub) const;
  bool is_stopped(const dfu::PortPath& port) const;
  std::string name_of_hub(const dfu::PortPath& hub) const;
  void note_hub(const scheduler::Remark& remark);
  void count_in_a_row(const Slot& slot, scheduler::Outcome outcome);
  void note_stretch(const Slot& slot, const scheduler::Progress& event);
  SlotNow slot_at(const Slot& slot, dfu::Duration now) const;
  Traffic traffic(const Hub& hub, dfu::Duration now) const;
  std::optional<double> units_per_hour(dfu::Duration now) const;
  int in_state(SlotState state) const;
  int for_people() const;
  bool wants_order() const;
  Bottleneck bound(dfu::Duration now) const;
  std::optional<Bottleneck> waiting_bottleneck() const;
  std::optional<Bottleneck> bottleneck_of(const scheduler::Wait& wait, int slots) const;
  std::optional<Bottleneck> bus_bottleneck(dfu::Duration now) const;
  double times_slower_everywhere(dfu::Duration now) const;

  LineSetup setup_;
  const dfu::Duration begin_;
  dfu::Duration now_{};
  LineNote note_;
  std::optional<std::string> order_;
  bool without_order_ = false;
  std::optional<std::string> operator_name_;
  RunState state_ = RunState::running;
  std::map<dfu::PortPath, Hub> hubs_;
  std::map<dfu::PortPath, Slot> slots_;
  // Units that failed on one port without a good one between them. One that is known and fails again is counted once.
  struct InARow {
    int failed = 0;
    std::set<std::string> units;
  };
  std::map<dfu::PortPath, InARow> in_a_row_;
  std::set<dfu::PortPath> hubs_there_;  // now; empty: nothing is known about hubs
  std::map<dfu::PortPath, scheduler::Remark> quarantined_;
  std::map<dfu::PortPath, HubTrouble> troubled_;  // hubs
  std::map<dfu::PortPath, std::string> skipped_;  // by a person, and why
  Counts counts_;
  std::optional<dfu::Duration> first_attempt_;
  std::deque<dfu::Duration> good_;  // when, within the window of units_per_hour
};

// Any thread; `on` as Observer says. The clock must outlive its use.
class LiveLine : public scheduler::Observer {
 public:
  LiveLine(LineSetup setup, const dfu::Clock& clock) : clock_(clock), state_(std::move(setup), clock.now()) {}

  void on(const scheduler::Event& event, scheduler::WallTime at) override;
  void reload(scheduler::LineSettings settings);
  void enter(RunState state);
  void skip(const dfu::PortPath& port, const std::optional<std::string>& reason);
  void note(LineNote note);
  void see(const dfu::Topology& topology);
  LineNow now() const;

 private:
  const dfu::Clock& clock_;
  mutable std::mutex mutex_;
  LineState state_;  // guarded by mutex_
};

}  // namespace station
