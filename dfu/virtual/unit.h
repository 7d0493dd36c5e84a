// One virtual unit: control transfers in; answer, time and consequences out. A device, not a mock: descriptors, DFU
// state machine, flash, boot decision and faults, and no rule of the station. It knows neither threads nor a clock:
// its driver (VirtualLine, a test) lets time pass and calls `restart` or `power_off` when a reaction says so.
// What differs between boards is behind Device. A value. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dfu/bus.h"
#include "dfu/virtual/device.h"
#include "dfu/virtual/faults.h"
#include "dfu/virtual/line_spec.h"
#include "dfu/virtual/reaction.h"

namespace dfu::virt {

class VirtualUnit {
 public:
  // off_bus: without power, crashed, or an application without USB.
  enum class Mode { dfu, application, off_bus };

  // In the mode that the spec says; one that starts in application mode boots what its flash holds, which is blank but
  // for the bootloader unless `flash` is given. REQUIRES: problem_of finds none.
  // `beside`: what its other memories hold, as UnitSpec::beside; empty: they are blank.
  explicit VirtualUnit(const UnitSpec& spec, std::optional<Flash> flash = {}, std::vector<Flash> beside = {});

  // One control transfer. REQUIRES: not off_bus; `data` holds setup.length bytes if it goes out.
  Reaction control(const Setup& setup, ByteView data = {});
  // One bulk transfer; `most` bytes may come in. REQUIRES: not off_bus.
  Reaction bulk(std::uint8_t endpoint, ByteView data, std::size_t most);

  AfterReset usb_reset();
  // Reset, or power has come: boots. The time until it connects to the bus; nothing if it never does.
  std::optional<Duration> restart();
  // Power goes, `into` after the start of the last transfer if that was still under way.
  void power_off(std::optional<Duration> into = {});

  // How long ago it was enumerated, for the transfers that follow. A driver may leave that out: long ago.
  void up_for(Duration time) { up_ = time; }
  void detach_over() { device_->detach_over(); }
  // To be asked when it has been enumerated: somebody pulls it this much later, because a fault says so.
  std::optional<Duration> pulled_after_return();

  // As the host's kernel reads it when the unit connects; counts as no transfer. `handle` and `port` stay empty.
  UnitInfo describe() const;
  // What `describe` was made from: the device descriptor and the whole configuration descriptor.
  Bytes descriptors() const;

  Mode mode() const { return mode_; }
  // Stuck, by a fault: only power helps.
  bool hung() const { return hang_ != Hang::none; }
  const std::string& id() const { return id_; }
  const DfuSide& dfu() const { return static_cast<const Device&>(*device_).dfu(); }
  const Flash& flash() const { return flash_; }
  Flash& flash() { return flash_; }
  // The n-th of UnitSpec::beside.
  const Flash& beside(std::size_t n) const { return beside_.at(n).flash; }
  Flash& beside(std::size_t n) { return beside_.at(n).flash; }
  const std::optional<BootResult>& last_boot() const { return boot_; }
  // How often it has booted, which going from its application into DFU mode is not.
  std::uint32_t starts() const { return starts_; }
  // A start has put the factory firmware over what was written last.
  bool restored() const { return restored_; }
  // All counted from 1 over the unit's life.
  std::uint32_t transfers() const { return transfers_; }
  std::uint32_t blocks() const { return blocks_; }
  const WorkCount& work() const { return dfu().work(); }
  // What its transfers have taken, wire and work: no host can have them sooner.
  Duration taken() const { return taken_; }

  // One more fault to come.
  void add_fault(const FaultSpec& fault) { faults_.add(fault); }
  // Power is cut when the n-th transfer over the unit's life is complete.
  void cut_after(std::uint32_t transfers) { cut_after_ = transfers; }

 private:
  enum class Hang { none, busy, silent };

  // Of the alternate setting that is selected.
  Flash& selected();
  DfuSide& dfu_side() { return device_->dfu(); }
  UsbFace face() const;
  Running running() const { return {flash_, *boot_, up_}; }
  Reaction react(const Setup& setup, ByteView data);
  Reaction strike(const FaultTable::Strike& fault, const Moment& moment, const Setup& setup, ByteView data);
  Reaction corrupt(std::uint32_t address, const Moment& moment, const Setup& setup, ByteView data);
  Reaction spoil_status(FaultKind kind, const Setup& setup, ByteView data);
  Reaction wander(FaultKind kind, const Moment& moment, const Setup& setup, ByteView data);
  Reaction carry_on(const Setup& setup, ByteView data);
  Reaction standard(const Setup& setup);
  Reaction get_descriptor(const Setup& setup) const;
  Reaction hung(const Setup& setup);

  DeviceBox device_;
  std::string id_;
  std::uint8_t interface_number_ = 0;  // of the DFU interface in DFU mode
  std::optional<std::uint8_t> shown_protocol_;
  std::optional<std::uint16_t> shown_transfer_size_;
  Flash flash_;
  struct Beside {
    std::uint8_t alternate = 0;
    std::shared_ptr<const FlashGeometry> part;  // keeps what the flash looks into
    Flash flash;
  };
  std::vector<Beside> beside_;
  FaultTable faults_;
  Mode mode_ = Mode::dfu;
  Hang hang_ = Hang::none;
  std::optional<BootResult> boot_;
  std::uint32_t transfers_ = 0;
  std::uint32_t blocks_ = 0;
  Duration taken_{};
  std::optional<std::uint32_t> cut_after_;
  struct Bulk {
    std::uint8_t endpoint = 0;
    std::size_t most = 0;
  };
  std::optional<Bulk> bulk_;  // the transfer that is being answered is one of these
  Duration up_ = std::chrono::hours(1);
  Duration wire_{};                    // of the last transfer: its work began after that
  int stretch_ = 1;                    // how many times longer than it should the last transfer took
  StartAs start_as_ = StartAs::usual;  // of the next start
  std::uint32_t starts_ = 0;
  bool restored_ = false;
  bool left_ = false;  // it has had a leave request since its power came
};

}  // namespace dfu::virt
