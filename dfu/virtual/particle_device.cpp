// Photon, P1, Electron and Core: serials, a serial port in application mode, and the touch that leads back to DFU mode.
#include <algorithm>
#include <cctype>
#include <utility>

#include "dfu/virtual/device.h"
#include "dfu/virtual/particle_dfu.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// From the request to leave the application to the reset into the bootloader.
constexpr Duration application_end = 100ms;

enum SerialPortRequest : std::uint8_t { set_line_coding = 0x20, get_line_coding = 0x21, set_control_lines = 0x22 };
constexpr std::uint32_t dfu_speed = 14400;  // the line speed that means: into DFU mode (facts/particle.md 7.3)

// System parts before 0.6.0 show a constant in application mode (facts/dfu.md 7.2); 0.6.0 is module version 102.
constexpr std::uint16_t shows_id_from = 100;
constexpr const char* constant_dfu_serial = "00000000010C";
constexpr const char* constant_application_serial = "00000000050C";

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// What a host sees when the unit drops in the middle of a transfer differs in the field; here it is a property of the
// unit, so that a run can be repeated and a line of units shows all three.
TransferStatus way_out(const std::string& id) {
  unsigned sum = 0;
  for (const char c : id) sum += static_cast<unsigned char>(c);
  switch (sum % 3) {
    case 0:
      return TransferStatus::stall;
    case 1:
      return TransferStatus::io_error;
    default:
      return TransferStatus::gone;
  }
}

class ParticleDevice : public Device {
 public:
  ParticleDevice(const UnitSpec& spec, const ParticleBoard& board)
      : board_(board),
        generation_(board.has_generations ? *find_generation(spec.generation) : core_bootloader()),
        id_(unit_id(spec)),
        dfu_(board, generation_, way_out(id_)),
        line_coding_{0x80, 0x25, 0, 0, 0, 0, 8} {}

  std::unique_ptr<Device> clone() const override { return std::make_unique<ParticleDevice>(*this); }
  DfuSide& dfu() override { return dfu_; }
  const DfuSide& dfu() const override { return dfu_; }
  Flash flash(std::optional<Bytes> kept) const override;
  UsbFace face(const BootResult* boot) const override;
  BootResult boot(Flash& flash) override { return particle_boot(flash, board_); }
  bool take_dfu_request() override { return std::exchange(dfu_requested_, false); }
  Reaction application(const Setup& setup, ByteView data) override;
  AfterReset bus_reset(bool in_dfu, const Flash&) override;
  void power_off() override { dfu_requested_ = false; }

 private:
  std::string dfu_serial() const;

  const ParticleBoard& board_;
  const PhotonGeneration& generation_;
  const std::string id_;
  ParticleDfu dfu_;
  Bytes line_coding_;
  bool dfu_requested_ = false;
};

// The Core's bootloader has no header and is nobody's to read: its pages stay blank.
Flash ParticleDevice::flash(std::optional<Bytes> kept) const {
  Flash flash = kept ? Flash(std::move(*kept), *board_.flash) : Flash(*board_.flash);
  if (board_.has_generations && bootloader_version(flash, board_) != generation_.module_version) {
    flash.erase(*board_.flash->sector(flash.range().begin));
    flash.place(flash.range().begin, synthetic_bootloader(generation_.module_version, board_));
  }
  return flash;
}

std::string ParticleDevice::dfu_serial() const {
  switch (generation_.serial) {
    case PhotonGeneration::Serial::constant:
      return constant_dfu_serial;
    case PhotonGeneration::Serial::id_upper:
      return upper(id_);
    case PhotonGeneration::Serial::id_lower:
      return id_;
    case PhotonGeneration::Serial::short_id:
      return short_serial(id_);
  }
  return {};
}

UsbFace ParticleDevice::face(const BootResult* boot) const {
  UsbFace face{.manufacturer = "Particle"};
  if (!boot) {
    face.id = board_.dfu;
    face.release = generation_.release;
    face.product = board_.dfu_product;
    face.serial = dfu_serial();
    face.alternates = {board_.maps.begin(), board_.maps.end()};
    face.functional = FunctionalDescriptor{.can_download = true,
                                           .can_upload = true,
                                           .will_detach = true,
                                           .detach_timeout = 255ms,
                                           .transfer_size = board_.transfer_size,
                                           .version = 0x011A};
    return face;
  }
  const bool shows_id = boot->system_version >= shows_id_from;
  face.id = board_.application;
  face.product = board_.product;
  face.serial_port = true;
  if (!board_.has_generations) {
    face.serial = short_serial(id_);
  } else {
    face.release = shows_id ? 0x0250 : 0x0200;
    face.serial = shows_id ? id_ : constant_application_serial;
  }
  return face;
}

Reaction ParticleDevice::application(const Setup& setup, ByteView data) {
  switch (setup.request) {
    case set_line_coding:
      if (setup.in() || data.size() != line_coding_.size()) return refusal();
      line_coding_.assign(data.begin(), data.end());
      if (le32(line_coding_, 0) != dfu_speed) return answer();
      dfu_requested_ = true;
      return {.departure = Departure{.after = application_end}};
    case get_line_coding:
      return setup.in() ? answer(line_coding_) : refusal();
    case set_control_lines:
      return setup.in() ? refusal() : answer();
    default:
      return refusal();
  }
}

AfterReset ParticleDevice::bus_reset(bool in_dfu, const Flash&) {
  if (in_dfu) dfu_.reopen();
  return AfterReset::stays;
}

}  // namespace

std::unique_ptr<Device> make_particle_device(const UnitSpec& spec, const ParticleBoard& board) {
  return std::make_unique<ParticleDevice>(spec, board);
}

}  // namespace dfu::virt
