#include "scheduler/engine.h"

#include <map>
#include <utility>

#include "scheduler/line.h"
#include "scheduler/mailbox.h"
#include "scheduler/talk.h"
#include "scheduler/visit.h"

namespace scheduler {

namespace {

// One port of the line: its visit and the mailbox that serialises it.
struct Port {
  Port(Pool& pool, VisitOptions options) : mailbox(std::make_shared<Mailbox>(pool)), visit(std::move(options)) {}

  std::shared_ptr<Mailbox> mailbox;
  Visit visit;                 // touched in `mailbox` only
  std::shared_ptr<Talk> talk;  // that runs, or ran last; touched in `mailbox` only
  bool in_work = false;        // as last reported to the line; touched in `mailbox` only
  WallTime time{};             // of the input that the visit handles now; touched in `mailbox` only
};
using PortPointer = std::shared_ptr<Port>;

}  // namespace

struct Engine::Impl {
  Impl(dfu::Bus& bus_, dfu::Clock& clock_, Pool& pool_, Recorder& recorder_, Observer& observer_,
       EngineOptions options_)
      : bus(bus_),
        clock(clock_),
        pool(pool_),
        recorder(recorder_),
        observer(observer_),
        options(std::move(options_)),
        mailbox(std::make_shared<Mailbox>(pool_)),
        line(options, options.hubs != nullptr) {}

  // Any thread.
  void tell_line(Input input);
  void tell_line_and_wait(Input input, std::function<void()> taken);
  void tell(const PortPointer& port, VisitInput input);

  // In the line's mailbox.
  void carry_out(Input input);
  void after_each_port(const std::function<void()>& call);
  void run(effect::UsePort& use);
  void run(effect::TellPort& told) { tell(ports.at(told.port), std::move(told.told)); }
  void run(effect::Note& note) {
    recorder.record(std::move(note.remark), line_time, [](bool) {});
  }
  void run(effect::Show& show) { observer.on(show.event, line_time); }
  void run(effect::SwitchPower& power);
  void run(effect::Settle&);
  void run(effect::WakeAt& wake);
  void run(effect::Finish& finish) { std::exchange(done, nullptr)(finish.totals); }

  // In the port's mailbox.
  void carry_out(const PortPointer& port, const VisitInput& input);
  void run(const PortPointer& port, visit_effect::RequestPlace&) { tell_line(input::PlaceWanted{port->visit.port()}); }
  void run(const PortPointer& port, visit_effect::ReleasePlace&) {
    tell_line(input::PlaceReleased{port->visit.port()});
  }
  void run(const PortPointer& port, visit_effect::Power& power) {
    tell_line(input::PowerWanted{port->visit.port(), power.on});
  }
  void run(const PortPointer& port, visit_effect::Tell& told);
  void run(const PortPointer& port, visit_effect::SaveLater& note) {
    recorder.record(std::move(note.record), port->time, [](bool) {});
  }
  void run(const PortPointer& port, visit_effect::Save& save);
  void run(const PortPointer& port, visit_effect::Open& open);
  void run(const PortPointer& port, visit_effect::Talk& talk);
  void run(const PortPointer& port, visit_effect::StopTalk& stop);
  void run(const PortPointer& port, visit_effect::Close& close);
  void run(const PortPointer& port, visit_effect::Timer& timer);

  dfu::Bus& bus;
  dfu::Clock& clock;
  Pool& pool;
  Recorder& recorder;
  Observer& observer;
  const EngineOptions options;
  const std::shared_ptr<Mailbox> mailbox;  // of the line

  // Touched in the line's mailbox only.
  Line line;
  WallTime line_time{};  // of the input that the line handles now
  std::map<dfu::PortPath, PortPointer> ports;
  std::function<void(Totals)> done;
};

Engine::Engine(dfu::Bus& bus, dfu::Clock& clock, Pool& pool, Recorder& recorder, Observer& observer,
               EngineOptions options)
    : impl_(std::make_unique<Impl>(bus, clock, pool, recorder, observer, std::move(options))) {}

// A conversation that was cut off with the engine knows its port, as the port knows it.
Engine::~Engine() {
  for (const auto& [path, port] : impl_->ports) port->talk.reset();
}

namespace {

Input input_of(const dfu::BusEvent& event, dfu::Duration late) {
  if (const auto* arrived = std::get_if<dfu::Arrived>(&event)) return input::Arrived{arrived->unit, late};
  if (const auto* left = std::get_if<dfu::Left>(&event)) return input::Left{left->handle, left->port, late};
  return input::Listed{};
}

}  // namespace

void Engine::start(std::function<void(Totals)> done) {
  impl_->done = std::move(done);
  impl_->tell_line(input::Begin{});
  impl_->bus.start(
      [impl = impl_.get()](const dfu::BusEvent& event) { impl->tell_line(input_of(event, impl->clock.late())); });
}

void Engine::stop(StopKind kind) {
  impl_->tell_line(input::Stop{kind});
}

void Engine::pause(bool paused) {
  impl_->tell_line(input::Pause{paused});
}

void Engine::halt(StopKind kind) {
  impl_->tell_line(input::Halt{kind});
}

void Engine::release(dfu::PortPath place, Decision decision) {
  impl_->tell_line(input::Release{std::move(place), std::move(decision)});
}

void Engine::skip(dfu::PortPath port, bool skip) {
  impl_->tell_line(input::Skip{std::move(port), skip});
}

void Engine::commission(bool on, std::function<void()> done) {
  impl_->tell_line_and_wait(input::Commission{on}, std::move(done));
}

void Engine::tell(Remark remark) {
  impl_->tell_line(input::Say{std::move(remark)});
}

void Engine::work_for(Quota quota, std::function<void()> done) {
  impl_->tell_line_and_wait(input::WorkFor{std::move(quota)}, std::move(done));
}

void Engine::reload(LineSettings settings) {
  impl_->tell_line(input::Reload{std::move(settings)});
}

// ---- the line's mailbox

void Engine::Impl::tell_line(Input input) {
  mailbox->post([this, input = std::move(input)]() mutable { carry_out(std::move(input)); });
}

// `taken` is called when each port has handled what the line sent it about that.
void Engine::Impl::tell_line_and_wait(Input input, std::function<void()> taken) {
  mailbox->post([this, input = std::move(input), taken = std::move(taken)]() mutable {
    carry_out(std::move(input));
    after_each_port(taken);
  });
}

void Engine::Impl::carry_out(Input input) {
  const auto* happened = std::get_if<input::Happened>(&input);
  line_time = happened ? happened->at : options.wall();
  for (Effect& effect : line.on(std::move(input), clock.now())) {
    std::visit([this](auto& each) { run(each); }, effect);
  }
}

// When each port has handled the inputs it has now.
void Engine::Impl::after_each_port(const std::function<void()>& call) {
  if (ports.empty()) return call();
  const auto waiting = std::make_shared<std::size_t>(ports.size());
  for (const auto& [path, port] : ports) {
    port->mailbox->post([this, waiting, call] {
      mailbox->post([waiting, call] {
        if (--*waiting == 0) call();
      });
    });
  }
}

void Engine::Impl::run(effect::UsePort& use) {
  ports[use.port] = std::make_shared<Port>(pool, VisitOptions{.port = use.port,
                                                              .setting = std::move(use.setting),
                                                              .once = !options.stay,
                                                              .dry_run = options.dry_run,
                                                              .new_id = options.new_id});
}

void Engine::Impl::run(effect::SwitchPower& power) {
  options.hubs->set_power(power.port, power.on, [this, port = power.port, on = power.on](bool switched) {
    tell_line(input::PowerSwitched{port, on, switched});
  });
}

void Engine::Impl::run(effect::Settle&) {
  after_each_port([this] { tell_line(input::Settled{}); });
}

void Engine::Impl::run(effect::WakeAt& wake) {
  clock.at(wake.when, [this] { tell_line(input::TimeOver{}); });
}

// ---- the ports' mailboxes

void Engine::Impl::tell(const PortPointer& port, VisitInput input) {
  port->mailbox->post([this, port, input = std::move(input)] { carry_out(port, input); });
}

void Engine::Impl::carry_out(const PortPointer& port, const VisitInput& input) {
  port->time = options.wall();
  // Its watchers hold the port.
  if (std::holds_alternative<visit_input::Talked>(input)) port->talk.reset();
  for (VisitEffect& one : port->visit.on(input, clock.now())) {
    std::visit([&](auto& want) { run(port, want); }, one);
  }
  const bool in_work = port->visit.in_work();
  if (std::exchange(port->in_work, in_work) != in_work) tell_line(input::WorkChanged{in_work});
}

// What is on record happened when its record says.
void Engine::Impl::run(const PortPointer& port, visit_effect::Tell& told) {
  const auto* began = std::get_if<AttemptBegan>(&told.event);
  const auto* ended = std::get_if<AttemptEnded>(&told.event);
  const WallTime at = began ? began->at : ended ? ended->at : port->time;
  tell_line(input::Happened{std::move(told.event), at});
}

void Engine::Impl::run(const PortPointer& port, visit_effect::Save& save) {
  const WallTime at = port->time;
  recorder.record(std::move(save.record), at, [this, port, at](bool committed) {
    tell(port, visit_input::Recorded{committed, at});
  });
}

void Engine::Impl::run(const PortPointer& port, visit_effect::Open& open) {
  bus.open(open.handle, std::move(open.claims), [this, port, late = clock.late()](dfu::OpenResult result) {
    tell(port, visit_input::Opened{std::move(result), clock.late() - late});
  });
}

void Engine::Impl::run(const PortPointer& port, visit_effect::Talk& talk) {
  port->talk = std::make_shared<Talk>(
      bus, clock, talk.handle, talk.task,
      Talk::Watchers{
          .news =
              [this](Progress news) {
                tell_line(input::Happened{std::move(news), options.wall()});
              },
          .over = [this, port, late = clock.late()] { tell(port, visit_input::Talked{clock.late() - late}); }});
  port->talk->begin();
}

void Engine::Impl::run(const PortPointer& port, visit_effect::StopTalk& stop) {
  if (!port->talk) return;
  stop.at_once ? port->talk->hurry() : port->talk->stop();
}

void Engine::Impl::run(const PortPointer& port, visit_effect::Close& close) {
  bus.close(close.handle, [this, port] { tell(port, visit_input::Closed{}); });
}

// By way of the line's mailbox: what the bus has said until then reaches the visit first, however much waits there.
void Engine::Impl::run(const PortPointer& port, visit_effect::Timer& timer) {
  clock.after(timer.delay, [this, port, id = timer.timer] {
    mailbox->post([this, port, id] { tell(port, visit_input::TimeOver{id}); });
  });
}

}  // namespace scheduler
