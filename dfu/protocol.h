// USB DFU 1.1 and DfuSe numbers, with the specification's own spelling in to_string because people search for it.
// Source: docs/devices.md, "DFU requests", "DFU states", "DFU functional descriptor", "DfuSe commands". Pure values;
// any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dfu/bytes.h"

namespace dfu {

enum class Request : std::uint8_t {
  detach = 0,
  dnload = 1,
  upload = 2,
  getstatus = 3,
  clrstatus = 4,
  getstate = 5,
  abort = 6
};

// bState. In a GETSTATUS answer: the state the device will be in *after* the answer.
enum class State : std::uint8_t {
  app_idle = 0,
  app_detach = 1,
  dfu_idle = 2,
  dnload_sync = 3,
  dnbusy = 4,
  dnload_idle = 5,
  manifest_sync = 6,
  manifest = 7,
  manifest_wait_reset = 8,
  upload_idle = 9,
  error = 10,
};

// bStatus.
enum class Status : std::uint8_t {
  ok = 0,
  err_target = 1,
  err_file = 2,
  err_write = 3,
  err_erase = 4,
  err_check_erased = 5,
  err_prog = 6,
  err_verify = 7,
  err_address = 8,
  err_notdone = 9,
  err_firmware = 10,
  err_vendor = 11,
  err_usbr = 12,
  err_por = 13,
  err_unknown = 14,
  err_stalledpkt = 15,
};

std::string_view to_string(State state);    // "dfuDNLOAD-IDLE"
std::string_view to_string(Status status);  // "errTARGET"
std::string_view to_string(Request request);

// The six bytes of a GETSTATUS answer.
struct StatusReport {
  Status status = Status::ok;
  std::chrono::milliseconds poll_timeout{0};
  State state = State::dfu_idle;
  std::uint8_t string_index = 0;
};

// Nothing for an answer that is short or names a state or status that does not exist.
std::optional<StatusReport> parse_status(ByteView answer);
Bytes encode(const StatusReport& report);

// DFU functional descriptor (type 0x21): 9 bytes, or 7 in DFU 1.0, which has no bcdDFUVersion.
struct FunctionalDescriptor {
  bool can_download = false;
  bool can_upload = false;
  bool manifestation_tolerant = false;
  bool will_detach = false;
  std::chrono::milliseconds detach_timeout{0};
  std::uint16_t transfer_size = 0;
  std::uint16_t version = 0x0100;

  bool dfuse() const { return version == 0x011A; }
};

std::optional<FunctionalDescriptor> parse_functional_descriptor(ByteView descriptor);
Bytes encode(const FunctionalDescriptor& descriptor);

// DfuSe commands: the data of a DNLOAD with wBlockNum 0.
Bytes dfuse_set_address(std::uint32_t address);
Bytes dfuse_erase(std::uint32_t address);
inline constexpr std::uint8_t dfuse_command_set_address = 0x21;
inline constexpr std::uint8_t dfuse_command_erase = 0x41;
inline constexpr std::uint8_t dfuse_command_read_unprotect = 0x92;
// Block numbers from 2 on address memory: pointer + (block - 2) x wTransferSize.
inline constexpr std::uint16_t dfuse_first_block = 2;

// bmRequestType of the class requests to an interface, of GET_DESCRIPTOR and of SET_INTERFACE.
inline constexpr std::uint8_t request_type_out = 0x21;
inline constexpr std::uint8_t request_type_in = 0xA1;
inline constexpr std::uint8_t request_type_standard_in = 0x80;
inline constexpr std::uint8_t request_type_standard_interface_out = 0x01;
inline constexpr std::uint8_t request_get_descriptor = 6;
inline constexpr std::uint8_t request_set_interface = 11;
inline constexpr std::uint8_t descriptor_type_device = 1;
inline constexpr std::uint8_t descriptor_type_configuration = 2;
inline constexpr std::uint8_t descriptor_type_string = 3;
inline constexpr std::uint8_t descriptor_type_interface = 4;
inline constexpr std::uint8_t descriptor_type_endpoint = 5;
inline constexpr std::uint8_t descriptor_type_dfu_functional = 0x21;

}  // namespace dfu
