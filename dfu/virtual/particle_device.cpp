// Photon, P1, Electron and Core: serials, a serial port in application mode, and the touch that leads back to DFU mode.
#include <algorithm>
#include <cctype>
#include <utility>

#include "dfu/virtual/device.h"
#include "dfu/virtual/particle_application.h"
#include "dfu/virtual/particle_dfu.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// System parts before 0.6.0 show a constant in application mode (docs/devices.md, "Serial numbers and chip ids"); 0.6.0
// is module version 102.
constexpr std::uint16_t shows_id_from = 100;
constexpr std::uint32_t stored_id_offset = 3618;  // in the configuration store (docs/devices.md, "Configuration store")
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
        beside_(spec.beside),
        dfu_(board, generation_, beside_.empty() ? nullptr : beside_.front().part.get(), way_out(id_)),
        application_(board, id_) {}

  std::unique_ptr<Device> clone() const override { return std::make_unique<ParticleDevice>(*this); }
  DfuSide& dfu() override { return dfu_; }
  const DfuSide& dfu() const override { return dfu_; }
  Flash flash(std::optional<Bytes> kept) const override;
  UsbFace face(const BootResult* boot) const override;
  BootResult boot(Flash& flash) override { return boot_as(StartAs::usual, flash); }
  BootResult boot_as(StartAs as, Flash& flash) override;
  bool take_dfu_request() override { return application_.take_dfu_request(); }
  Reaction application(const Setup& setup, ByteView data, const Running& running) override {
    return application_.control(setup, data, running);
  }
  Reaction bulk(std::uint8_t endpoint, ByteView data, std::size_t most, const Running& running) override {
    return application_.bulk(endpoint, data, most, running);
  }
  AfterReset bus_reset(bool in_dfu, const Flash&) override;
  void power_off() override { application_.take_dfu_request(); }

 private:
  std::string dfu_serial() const;
  void keep_id(Flash& flash) const;

  const ParticleBoard& board_;
  const PhotonGeneration& generation_;
  const std::string id_;
  const std::vector<MemorySpec> beside_;
  ParticleDfu dfu_;
  ParticleApplication application_;
};

// The Core's bootloader has no header, and nothing reads it: its pages stay blank.
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
    for (const MemorySpec& one : beside_) face.alternates.push_back(one.map);
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

BootResult ParticleDevice::boot_as(StartAs as, Flash& flash) {
  BootResult result = particle_boot(flash, board_, as);
  if (result.runs() && result.system_version >= shows_id_from) keep_id(flash);
  application_.start();
  return result;
}

// The system keeps the chip's id in the configuration store if it finds none there (docs/devices.md, "Serial numbers
// and chip ids").
void ParticleDevice::keep_id(Flash& flash) const {
  if (board_.dct.empty()) return;
  const std::uint32_t at = board_.dct_at + stored_id_offset;
  const ByteView held = flash.view({at, at + 12});
  if (!std::ranges::all_of(held, [](std::uint8_t byte) { return byte == 0xFF; })) return;
  Bytes id;
  for (std::size_t i = 0; i < id_.size(); i += 2) {
    id.push_back(static_cast<std::uint8_t>(std::stoul(id_.substr(i, 2), nullptr, 16)));
  }
  flash.place(at, id);
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
