#include "dfu/usb/announcer.h"

#include <utility>

namespace dfu::usb {

namespace {

// The kernel holds a unit's lock for milliseconds, while it binds drivers to a unit that is new.
constexpr Duration read_limit = std::chrono::milliseconds(500);

// What is known of a unit until its strings are read.
struct Draft {
  std::mutex mutex;
  std::optional<UnitInfo> unit;
};

}  // namespace

Announcer::Announcer(SerialExecutors& executors, std::shared_ptr<Gate> gate, Listener listener)
    : executors_(executors), gate_(std::move(gate)), listener_(std::move(listener)), executor_(executors.make()) {}

void Announcer::change(Hotplug::Change change) {
  add(std::move(change));
}

void Announcer::all_listed() {
  add({});
}

void Announcer::add(Item item) {
  {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    if (items_.size() > 1) return;
  }
  next();
}

void Announcer::end() {
  std::deque<Item> items;
  std::map<libusb_device*, Known> known;
  const std::lock_guard lock(mutex_);
  items.swap(items_);
  known.swap(known_);
}

// Starts on the front item.
void Announcer::next() {
  const std::lock_guard lock(mutex_);
  if (items_.empty()) return;
  const Item& item = items_.front();
  if (item && item->here && !item->is_hub && !known_.contains(item->device.get())) return read(item->place);
  executor_->post({[self = shared_from_this()] { self->gate_->pass([&] { self->tell({}); }); }, read_limit, {}});
}

void Announcer::read(const DeviceAddress& place) {
  using Read = OnceCallback<std::optional<UnitInfo>>;
  const auto answer = std::make_shared<Read>(
      gate_, [self = shared_from_this()](const std::optional<UnitInfo>& unit) { self->tell(unit); });
  const auto draft = std::make_shared<Draft>();
  const auto work = [place, answer, draft] {
    std::optional<UnitInfo> unit = read_unit(place);
    {
      const std::lock_guard lock(draft->mutex);
      draft->unit = unit;
    }
    if (unit) read_locked(place, *unit);
    answer->give(std::move(unit));
  };
  const auto given_up = [self = shared_from_this(), answer, draft] {
    std::optional<UnitInfo> unit;
    {
      const std::lock_guard lock(draft->mutex);
      unit = draft->unit;
    }
    {
      const std::lock_guard lock(self->mutex_);
      self->executor_ = self->executors_.make();
    }
    answer->give(std::move(unit));
  };
  executor_->post({work, read_limit, given_up});
}

// `unit`: what was read for the front item, if that is an arrival. Only one thread at a time comes here.
void Announcer::tell(const std::optional<UnitInfo>& unit) {
  std::unique_lock lock(mutex_);
  if (items_.empty()) return;
  const Item item = items_.front();
  if (!item) {
    lock.unlock();
    listener_.listed();
  } else if (item->here && unit) {
    UnitInfo announced = *unit;
    announced.handle = ++last_handle_;
    known_[item->device.get()] = {item->device, announced.handle, announced.port};
    lock.unlock();
    listener_.arrived(announced, item->place);
  } else if (const auto known = known_.find(item->device.get()); !item->here && known != known_.end()) {
    const Known gone = std::move(known->second);
    known_.erase(known);
    lock.unlock();
    listener_.left(gone.handle, gone.port);
  } else {
    lock.unlock();
  }
  finish_item();
}

void Announcer::finish_item() {
  {
    const std::lock_guard lock(mutex_);
    items_.pop_front();
  }
  next();
}

}  // namespace dfu::usb
