// A unit of plain DFU 1.1 with a run-time mode: 1209:0001 in DFU mode, 1209:0002 in application mode, which
// pid.codes keeps free for tests.
#include <utility>

#include "dfu/virtual/device.h"
#include "dfu/virtual/plain_dfu.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

constexpr Duration application_end = 50ms;
constexpr Duration application_start = 300ms;
constexpr std::chrono::milliseconds longest_detach = 1s;
constexpr std::string_view run_time_name = "Run-time DFU", dfu_name = "Firmware";

class PlainDevice : public Device {
 public:
  explicit PlainDevice(const UnitSpec& spec) : spec_(spec), id_(unit_id(spec)), dfu_(spec) {}

  std::unique_ptr<Device> clone() const override { return std::make_unique<PlainDevice>(*this); }
  DfuSide& dfu() override { return dfu_; }
  const DfuSide& dfu() const override { return dfu_; }
  Flash flash(std::optional<Bytes> kept) const override {
    return kept ? Flash(std::move(*kept), plain_flash()) : Flash(plain_flash());
  }
  UsbFace face(const BootResult* boot) const override;
  BootResult boot(Flash& flash) override;
  bool take_dfu_request() override { return std::exchange(dfu_requested_, false); }
  Reaction application(const Setup& setup, ByteView data, const Running& running) override;
  AfterReset bus_reset(bool in_dfu, const Flash& flash) override;
  void detach_over() override { detaching_ = false; }
  void power_off() override { detaching_ = dfu_requested_ = false; }

 private:
  Reaction detach(const Setup& setup);
  std::vector<std::string_view> names() const;

  const UnitSpec spec_;
  const std::string id_;
  PlainDfu dfu_;
  bool detaching_ = false;  // appDETACH
  bool dfu_requested_ = false;
};

// Of the places for images, each of which takes one; the unit starts the first.
std::vector<std::string_view> PlainDevice::names() const {
  std::vector<std::string_view> all{dfu_name};
  for (const MemorySpec& one : spec_.beside) {
    if (one.alternate >= all.size()) all.resize(one.alternate + 1u, "Reserved");
    all[one.alternate] = one.map;
  }
  return all;
}

UsbFace PlainDevice::face(const BootResult* boot) const {
  return {.id = {0x1209, static_cast<std::uint16_t>(boot ? 0x0002 : 0x0001)},
          .release = 0x0100,
          .manufacturer = "Flashline",
          .product = boot ? "Virtual DFU 1.1 unit" : "Virtual DFU 1.1 unit (DFU)",
          .serial = id_,
          .alternates = boot ? std::vector{run_time_name} : names(),
          .protocol = static_cast<std::uint8_t>(boot ? 1 : 2),
          .functional = FunctionalDescriptor{.can_download = true,
                                             .can_upload = spec_.can_upload,
                                             .manifestation_tolerant = spec_.manifestation_tolerant,
                                             .will_detach = spec_.will_detach,
                                             .detach_timeout = longest_detach,
                                             .transfer_size = plain_transfer_size,
                                             .version = 0x0110}};
}

BootResult PlainDevice::boot(Flash& flash) {
  if (plain_image_valid(flash)) {
    return {.outcome = BootOutcome::application, .reason = "the image runs", .takes = application_start};
  }
  return {.outcome = BootOutcome::dfu,
          .reason = "there is no complete image: the bootloader stays in DFU mode",
          .takes = dfu_start()};
}

Reaction PlainDevice::application(const Setup& setup, ByteView, const Running&) {
  if ((setup.request_type & 0x60) != 0x20) return refusal();
  const State state = detaching_ ? State::app_detach : State::app_idle;
  if (is_class_request(setup, Request::detach) && !setup.in()) return detach(setup);
  if (is_class_request(setup, Request::getstatus) && setup.in()) {
    return answer(encode(StatusReport{.state = state}));
  }
  if (is_class_request(setup, Request::getstate) && setup.in()) return answer({static_cast<std::uint8_t>(state)});
  return refusal();
}

// Goes by itself, or waits for the host's reset for as long as the host said and the unit allows (docs/devices.md,
// "Detach and reset").
Reaction PlainDevice::detach(const Setup& setup) {
  if (spec_.will_detach) {
    dfu_requested_ = true;
    return {.departure = Departure{.after = application_end}};
  }
  detaching_ = true;
  const auto wait = std::min(std::chrono::milliseconds(setup.value), longest_detach);
  return {.departure = Departure{.after = std::max<Duration>(wait, 1ms), .cause = Departure::Cause::detach_over}};
}

// In DFU mode: to the application if there is one, else dfuERROR (docs/devices.md, "DFU states").
AfterReset PlainDevice::bus_reset(bool in_dfu, const Flash& flash) {
  if (!in_dfu) {
    dfu_requested_ = std::exchange(detaching_, false);
    return dfu_requested_ ? AfterReset::restarts : AfterReset::stays;
  }
  if (plain_image_valid(flash)) return AfterReset::restarts;
  dfu_.reopen();
  dfu_.complain();
  return AfterReset::stays;
}

}  // namespace

std::unique_ptr<Device> make_plain_device(const UnitSpec& spec) {
  return std::make_unique<PlainDevice>(spec);
}

}  // namespace dfu::virt
