#include "dfu/virtual/unit.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

enum StandardRequest : std::uint8_t {
  get_status = 0,
  clear_feature = 1,
  set_configuration = 9,
  get_configuration = 8,
  get_interface = 10,
  set_interface = 11,
};
constexpr std::uint8_t type_mask = 0x60, type_standard = 0x00, type_class = 0x20, type_vendor = 0x40;
constexpr std::uint8_t recipient_mask = 0x1F, recipient_device = 0, recipient_interface = 1;
// What the faults `slow`, `poll-lie` and `late` do. A unit is given up when it is not back after 15 s, and needs 2-3 s
// without the fault.
constexpr int slow_factor = 3;
constexpr std::chrono::milliseconds lied_poll = 10s;
constexpr Duration late_by = 8s;

constexpr std::chrono::milliseconds hung_poll = 50ms;

Status failure_of(Moment::Phase phase) {
  switch (phase) {
    case Moment::Phase::block_download:
    case Moment::Phase::block_work:
      return Status::err_write;
    case Moment::Phase::erase_work:
      return Status::err_erase;
    case Moment::Phase::leave:
      return Status::err_firmware;
    case Moment::Phase::flash_read:
    case Moment::Phase::other:
      break;
  }
  return Status::err_unknown;
}

}  // namespace

VirtualUnit::VirtualUnit(const UnitSpec& spec, std::optional<Flash> flash, std::vector<Flash> beside)
    : device_(make_device(spec)),
      id_(unit_id(spec)),
      interface_number_(spec.interface_number),
      shown_protocol_(spec.shown_protocol),
      shown_transfer_size_(spec.shown_transfer_size),
      flash_(device_->flash(flash ? std::optional(flash->bytes()) : std::nullopt)),
      faults_(spec.faults) {
  for (std::size_t i = 0; i < spec.beside.size(); ++i) {
    const MemorySpec& one = spec.beside[i];
    beside_.push_back({one.alternate, one.part, i < beside.size() ? std::move(beside[i]) : Flash(*one.part)});
  }
  switch (spec.starts) {
    case Starts::dfu:
      break;
    case Starts::application:
      restart();
      break;
    case Starts::absent:
      mode_ = Mode::off_bus;
      break;
  }
}

Flash& VirtualUnit::selected() {
  const auto found = std::ranges::find(beside_, dfu().alternate(), &Beside::alternate);
  return found == beside_.end() ? flash_ : found->flash;
}

std::optional<Duration> VirtualUnit::restart() {
  hang_ = Hang::none;
  if (device_->take_dfu_request()) {
    dfu_side().start();
    mode_ = Mode::dfu;
    return device_->dfu_start();
  }
  boot_ = device_->boot_as(std::exchange(start_as_, StartAs::usual), flash_);
  ++starts_;
  restored_ = restored_ || boot_->factory_copied;
  dfu_side().start();
  const bool seen = boot_->runs() && device_->application_on_bus();
  mode_ = seen ? Mode::application : boot_->outcome == BootOutcome::dfu ? Mode::dfu : Mode::off_bus;
  if (mode_ == Mode::off_bus) return {};
  return boot_->takes;
}

void VirtualUnit::power_off(std::optional<Duration> into) {
  if (into) dfu_side().cut_work((*into - wire_) / stretch_, selected());
  dfu_side().start();
  device_->power_off();
  mode_ = Mode::off_bus;
  hang_ = Hang::none;
  left_ = false;
  start_as_ = StartAs::usual;
}

AfterReset VirtualUnit::usb_reset() {
  if (hang_ == Hang::silent) return AfterReset::silent;
  if (hang_ == Hang::busy) return AfterReset::stays;
  return device_->bus_reset(mode_ == Mode::dfu, flash_);
}

std::optional<Duration> VirtualUnit::pulled_after_return() {
  if (mode_ != Mode::application || !left_) return {};
  return faults_.pulled_after_return();
}

UsbFace VirtualUnit::face() const {
  if (mode_ == Mode::application) return device_->face(&*boot_);
  UsbFace says = device_->face(nullptr);
  says.interface_number = interface_number_;
  if (shown_protocol_) says.protocol = *shown_protocol_;
  if (says.functional && shown_transfer_size_) says.functional->transfer_size = *shown_transfer_size_;
  return says;
}

UnitInfo VirtualUnit::describe() const {
  const UsbFace says = face();
  UnitInfo info;
  info.id = says.id;
  info.release = says.release;
  info.serial = says.serial;
  info.product = says.product;
  info.configuration = parse_configuration(says.configuration()).value();
  return info;
}

Bytes VirtualUnit::descriptors() const {
  const UsbFace says = face();
  Bytes out = says.device();
  const Bytes configuration = says.configuration();
  out.insert(out.end(), configuration.begin(), configuration.end());
  return out;
}

Reaction VirtualUnit::control(const Setup& setup, ByteView data) {
  assert(mode_ != Mode::off_bus);
  assert(setup.in() || data.size() == setup.length);
  ++transfers_;
  dfu_side().settle();
  stretch_ = 1;
  const std::uint32_t words = work().words;
  Reaction out = react(setup, data);
  if (work().words != words) restored_ = false;
  if (out.data.size() > setup.length) out.data.resize(setup.length);
  const bool no_data = out.status == TransferStatus::stall && !setup.in();
  const std::size_t size = setup.in() ? out.data.size() : no_data ? 0 : data.size();
  wire_ = transfer_time(size) * stretch_;
  out.takes = wire_ + out.takes * stretch_;
  out.works_on *= stretch_;
  out.occupies = wire_time(size);
  taken_ += out.takes + out.works_on;
  if (cut_after_ == transfers_) out.departure = Departure{.cause = Departure::Cause::power_cut};
  return out;
}

Reaction VirtualUnit::bulk(std::uint8_t endpoint, ByteView data, std::size_t most) {
  assert(mode_ != Mode::off_bus);
  ++transfers_;
  stretch_ = 1;
  bulk_ = Bulk{endpoint, most};
  Reaction out = react({}, data);
  bulk_.reset();
  if (out.data.size() > most) out.data.resize(most);
  const std::size_t size = std::max(data.size(), out.data.size());
  wire_ = transfer_time(size) * stretch_;
  out.takes = wire_ + out.takes * stretch_;
  out.occupies = wire_time(size);
  taken_ += out.takes;
  if (cut_after_ == transfers_ && out.answered) out.departure = Departure{.cause = Departure::Cause::power_cut};
  return out;
}

Reaction VirtualUnit::react(const Setup& setup, ByteView data) {
  if (hang_ != Hang::none) return hung(setup);
  Moment moment;
  const bool to_dfu = mode_ == Mode::dfu && !bulk_ && (setup.request_type & type_mask) == type_class;
  if (to_dfu) moment = dfu().moment(setup);
  if (moment.phase == Moment::Phase::block_download) ++blocks_;
  moment.request = transfers_;
  moment.block = blocks_;
  moment.returned = left_ && mode_ == Mode::application;
  const auto fault = faults_.strike(moment);
  Reaction out = fault ? strike(*fault, moment, setup, data) : carry_on(setup, data);
  left_ = left_ || (moment.phase == Moment::Phase::leave && out.departure);
  return out;
}

// The one place where faults strike.
Reaction VirtualUnit::strike(const FaultTable::Strike& fault, const Moment& moment, const Setup& setup, ByteView data) {
  const bool works = moment.phase == Moment::Phase::block_work || moment.phase == Moment::Phase::erase_work;
  switch (fault.kind) {
    case FaultKind::stall:
      return works ? dfu_side().refuse() : refusal();
    case FaultKind::hang:
      hang_ = works ? Hang::busy : Hang::silent;
      return hung(setup);
    case FaultKind::unplug:
      return {.status = TransferStatus::io_error, .departure = Departure{.cause = Departure::Cause::power_cut}};
    case FaultKind::corrupt:
      return corrupt(fault.address, moment, setup, data);
    case FaultKind::status:
      return dfu_side().fail(setup, failure_of(moment.phase));
    case FaultKind::poll_lie:
    case FaultKind::drop_status:
      return spoil_status(fault.kind, setup, data);
    case FaultKind::slow:
      stretch_ = slow_factor;
      return carry_on(setup, data);
    case FaultKind::move:
    case FaultKind::late:
    case FaultKind::never_back:
      return wander(fault.kind, moment, setup, data);
    case FaultKind::cable: {
      Reaction lost = fault.reached ? carry_on(setup, data) : Reaction{};
      lost.status = TransferStatus::io_error;
      lost.data.clear();
      return lost;
    }
    case FaultKind::wedge:
      hang_ = Hang::silent;
      return hung(setup);
    case FaultKind::fallback:
      start_as_ = StartAs::factory_reset;
      return carry_on(setup, data);
    case FaultKind::safe_mode:
      start_as_ = StartAs::safe_mode;
      return carry_on(setup, data);
  }
  return carry_on(setup, data);
}

// The unit does what it is asked; the wait that it reports means nothing, or it reports none.
Reaction VirtualUnit::spoil_status(FaultKind kind, const Setup& setup, ByteView data) {
  Reaction out = carry_on(setup, data);
  if (kind == FaultKind::drop_status) {
    out.status = TransferStatus::io_error;
    out.data.clear();
  } else if (auto report = parse_status(out.data)) {
    report->poll_timeout = lied_poll;
    out.data = encode(*report);
  }
  return out;
}

// A unit that leaves comes back late, elsewhere or not at all. Anywhere else it drops off the bus by itself, and what
// was asked of it is not done.
Reaction VirtualUnit::wander(FaultKind kind, const Moment& moment, const Setup& setup, ByteView data) {
  const bool leaves = moment.phase == Moment::Phase::leave;
  Reaction out = leaves ? carry_on(setup, data) : Reaction{.status = TransferStatus::io_error};
  if (!out.departure) out.departure = Departure{};
  if (kind == FaultKind::move) out.departure->elsewhere = true;
  if (kind == FaultKind::late) out.departure->late = late_by;
  if (kind == FaultKind::never_back) out.departure->cause = Departure::Cause::dies;
  return out;
}

// The transfer goes well, and one bit is wrong afterwards: in flash when it was written, another in the answer when it
// was read. If it were the same one, a fault that strikes twice would undo itself.
Reaction VirtualUnit::corrupt(std::uint32_t address, const Moment& moment, const Setup& setup, ByteView data) {
  const std::uint32_t words = work().words;
  Reaction out = carry_on(setup, data);
  if (moment.phase == Moment::Phase::flash_read) {
    out.data[address - moment.data.begin] ^= 2;
  } else if (work().words != words) {
    selected().place(address, Bytes{static_cast<std::uint8_t>(selected().at(address) ^ 1)});
  }
  return out;
}

// A busy one says so without end, whatever is asked; a silent one no longer answers. Only power ends either.
Reaction VirtualUnit::hung(const Setup& setup) {
  if (hang_ == Hang::silent || bulk_) return {.answered = false};
  if (setup.request_type == request_type_in && setup.request == static_cast<std::uint8_t>(Request::getstatus)) {
    return answer(encode(StatusReport{Status::ok, hung_poll, State::dnbusy, 0}));
  }
  if (setup.request_type == request_type_in && setup.request == static_cast<std::uint8_t>(Request::getstate)) {
    return answer({static_cast<std::uint8_t>(State::dnbusy)});
  }
  // What hangs is the flash work: USB itself is served by the interrupt all the same.
  if ((setup.request_type & type_mask) == type_standard) return standard(setup);
  return refusal();
}

Reaction VirtualUnit::carry_on(const Setup& setup, ByteView data) {
  const bool runs = mode_ == Mode::application;
  if (bulk_) return runs ? device_->bulk(bulk_->endpoint, data, bulk_->most, running()) : refusal();
  const std::uint8_t type = setup.request_type & type_mask;
  const std::uint8_t recipient = setup.request_type & recipient_mask;
  if (type == type_standard) return standard(setup);
  const bool to_interface = type == type_class && recipient == recipient_interface;
  const bool to_device = type == type_vendor && recipient == recipient_device;
  if (runs) return to_interface || to_device ? device_->application(setup, data, running()) : refusal();
  const bool to_dfu = to_interface && static_cast<std::uint8_t>(setup.index) == interface_number_;
  return to_dfu ? dfu_side().handle(setup, data, selected()) : refusal();
}

Reaction VirtualUnit::standard(const Setup& setup) {
  switch (setup.request) {
    case get_status:
      return setup.in() ? answer({0, 0}) : refusal();
    case clear_feature:
      // The halt of an endpoint, the only feature there is; it is over.
      return setup.request_type == 0x02 && setup.value == 0 ? answer() : refusal();
    case request_get_descriptor:
      return setup.in() ? get_descriptor(setup) : refusal();
    case get_configuration:
      return setup.in() ? answer({1}) : refusal();
    case set_configuration:
      if (setup.in() || setup.value > 1) return refusal();
      dfu_side().reopen();
      return answer();
    case get_interface:
      return setup.in() ? answer({dfu().alternate()}) : refusal();
    case set_interface: {
      const UsbFace says = face();
      if (setup.in() || setup.value >= says.settings() || setup.index >= says.interfaces()) return refusal();
      dfu_side().select(static_cast<std::uint8_t>(setup.value));
      return answer();
    }
    default:
      return refusal();
  }
}

Reaction VirtualUnit::get_descriptor(const Setup& setup) const {
  const UsbFace says = face();
  const auto index = static_cast<std::uint8_t>(setup.value);
  switch (setup.value >> 8) {
    case descriptor_type_device:
      return answer(says.device());
    case descriptor_type_configuration:
      return index == 0 ? answer(says.configuration()) : refusal();
    case descriptor_type_string: {
      auto text = says.string(index);
      return text ? answer(std::move(*text)) : refusal();
    }
    case descriptor_type_dfu_functional:
      return says.functional ? answer(encode(*says.functional)) : refusal();
    default:
      return refusal();
  }
}

}  // namespace dfu::virt
