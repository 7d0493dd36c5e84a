#include "dfu/usb/usb_line.h"

#include <map>
#include <mutex>
#include <utility>

#include <libusb-1.0/libusb.h>

#include "dfu/usb/announcer.h"
#include "dfu/usb/port_power.h"
#include "dfu/usb/topology.h"
#include "dfu/usb/unit.h"

namespace dfu::usb {

namespace {

// The units there are. Outlives the line while a call hangs.
class Units {
 public:
  void add(UnitHandle handle, std::shared_ptr<Unit> unit) {
    const std::lock_guard lock(mutex_);
    units_[handle] = std::move(unit);
  }

  void remove(UnitHandle handle) {
    const std::lock_guard lock(mutex_);
    units_.erase(handle);
  }

  std::shared_ptr<Unit> find(UnitHandle handle) {
    const std::lock_guard lock(mutex_);
    const auto found = units_.find(handle);
    return found == units_.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<Unit>> take_all() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Unit>> all;
    for (auto& [handle, unit] : units_) all.push_back(std::move(unit));
    units_.clear();
    return all;
  }

 private:
  std::mutex mutex_;
  std::map<UnitHandle, std::shared_ptr<Unit>> units_;
};

}  // namespace

std::string library_version() {
  const libusb_version& version = *libusb_get_version();
  return "libusb " + std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.micro);
}

struct UsbLine::Impl {
  Impl(const UsbLimits& limits_, std::function<Duration()> late)
      : limits(limits_), executors(limits.threads, std::move(late)) {}

  template <class... Result>
  SharedCallback<Result...> answer(std::function<void(Result...)> done) {
    return std::make_shared<OnceCallback<Result...>>(gate, std::move(done));
  }
  // For units that are not there: the answer comes from another thread all the same.
  template <class... Result>
  void reply(std::function<void(Result...)> done, Result... result) {
    desk->post(
        {[gate = gate, done = std::move(done), result...] { gate->pass([&] { done(result...); }); }, limits.open, {}});
  }
  void arrived(const UnitInfo& info, const DeviceAddress& place);

  const UsbLimits limits;
  const std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  const std::shared_ptr<Units> units = std::make_shared<Units>();
  Hotplug hotplug;  // may throw; the last to go
  SerialExecutors executors;
  const std::shared_ptr<SerialExecutor> desk = executors.make();
  std::shared_ptr<Announcer> announcer;
  OnEvent on_event;
  std::atomic<bool> listed = false;
};

void UsbLine::Impl::arrived(const UnitInfo& info, const DeviceAddress& place) {
  // udev has finished with nodes that existed before this program started: their access rights will not change.
  const auto settled = listed ? Unit::Time::clock::now() + limits.access : Unit::Time::min();
  auto forget = [units = std::weak_ptr(units), handle = info.handle] {
    if (const auto all = units.lock()) all->remove(handle);
  };
  units->add(info.handle, std::make_shared<Unit>(place, settled, limits, executors.make(), std::move(forget)));
  on_event(Arrived{info});
}

UsbLine::UsbLine(const UsbLimits& limits, std::function<Duration()> late)
    : impl_(std::make_unique<Impl>(limits, std::move(late))) {}

UsbLine::~UsbLine() {
  impl_->gate->shut();
  impl_->hotplug.stop();
  if (impl_->announcer) impl_->announcer->end();
  for (const auto& unit : impl_->units->take_all()) {
    unit->close(impl_->answer(std::function<void()>([] {})));
  }
}

void UsbLine::start(OnEvent on_event) {
  Impl& self = *impl_;
  self.on_event = std::move(on_event);
  Announcer::Listener listener;
  listener.arrived = [&self](const UnitInfo& unit, const DeviceAddress& place) { self.arrived(unit, place); };
  listener.left = [&self](UnitHandle handle, const PortPath& port) {
    if (const auto unit = self.units->find(handle)) unit->leave();
    self.on_event(Left{handle, port});
  };
  listener.listed = [&self] {
    self.listed = true;
    self.on_event(Listed{});
  };
  self.announcer = std::make_shared<Announcer>(self.executors, self.gate, std::move(listener));
  self.hotplug.list([&self](Hotplug::Change change) { self.announcer->change(std::move(change)); });
  self.announcer->all_listed();
  self.hotplug.watch();
}

// ---- Bus

void UsbLine::open(UnitHandle handle, std::vector<Claim> claims, std::function<void(OpenResult)> done) {
  if (const auto unit = impl_->units->find(handle))
    return unit->open(std::move(claims), impl_->answer(std::move(done)));
  impl_->reply(std::move(done), OpenResult{OpenStatus::gone, "the unit has left"});
}

void UsbLine::submit(UnitHandle handle, Transfer transfer, std::function<void(TransferResult)> done) {
  if (const auto unit = impl_->units->find(handle)) {
    return unit->submit(std::move(transfer), impl_->answer(std::move(done)));
  }
  impl_->reply(std::move(done), TransferResult{TransferStatus::gone, {}});
}

void UsbLine::reset(UnitHandle handle, std::function<void(ResetStatus)> done) {
  if (const auto unit = impl_->units->find(handle)) return unit->reset(impl_->answer(std::move(done)));
  impl_->reply(std::move(done), ResetStatus::lost);
}

void UsbLine::cancel(UnitHandle handle) {
  if (const auto unit = impl_->units->find(handle)) unit->cancel();
}

void UsbLine::close(UnitHandle handle, std::function<void()> done) {
  if (const auto unit = impl_->units->find(handle)) return unit->close(impl_->answer(std::move(done)));
  impl_->reply(std::move(done));
}

// ---- Hubs

Topology UsbLine::topology() {
  return read_topology();
}

void UsbLine::set_power(const PortPath& port, bool on, std::function<void(bool switched)> done) {
  const auto answer = impl_->answer(std::move(done));
  impl_->executors.make()->post({[port, on, answer] { answer->give(switch_port(port, on)); }, impl_->limits.power,
                                 [answer] { answer->give(false); }});
}

}  // namespace dfu::usb
