#include "dfu/protocol.h"

namespace dfu {

std::string_view to_string(State state) {
  switch (state) {
    case State::app_idle:
      return "appIDLE";
    case State::app_detach:
      return "appDETACH";
    case State::dfu_idle:
      return "dfuIDLE";
    case State::dnload_sync:
      return "dfuDNLOAD-SYNC";
    case State::dnbusy:
      return "dfuDNBUSY";
    case State::dnload_idle:
      return "dfuDNLOAD-IDLE";
    case State::manifest_sync:
      return "dfuMANIFEST-SYNC";
    case State::manifest:
      return "dfuMANIFEST";
    case State::manifest_wait_reset:
      return "dfuMANIFEST-WAIT-RESET";
    case State::upload_idle:
      return "dfuUPLOAD-IDLE";
    case State::error:
      return "dfuERROR";
  }
  return {};
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "OK";
    case Status::err_target:
      return "errTARGET";
    case Status::err_file:
      return "errFILE";
    case Status::err_write:
      return "errWRITE";
    case Status::err_erase:
      return "errERASE";
    case Status::err_check_erased:
      return "errCHECK_ERASED";
    case Status::err_prog:
      return "errPROG";
    case Status::err_verify:
      return "errVERIFY";
    case Status::err_address:
      return "errADDRESS";
    case Status::err_notdone:
      return "errNOTDONE";
    case Status::err_firmware:
      return "errFIRMWARE";
    case Status::err_vendor:
      return "errVENDOR";
    case Status::err_usbr:
      return "errUSBR";
    case Status::err_por:
      return "errPOR";
    case Status::err_unknown:
      return "errUNKNOWN";
    case Status::err_stalledpkt:
      return "errSTALLEDPKT";
  }
  return {};
}

std::string_view to_string(Request request) {
  switch (request) {
    case Request::detach:
      return "DFU_DETACH";
    case Request::dnload:
      return "DFU_DNLOAD";
    case Request::upload:
      return "DFU_UPLOAD";
    case Request::getstatus:
      return "DFU_GETSTATUS";
    case Request::clrstatus:
      return "DFU_CLRSTATUS";
    case Request::getstate:
      return "DFU_GETSTATE";
    case Request::abort:
      return "DFU_ABORT";
  }
  return {};
}

std::optional<StatusReport> parse_status(ByteView answer) {
  if (answer.size() < 6) return {};
  if (answer[0] > static_cast<std::uint8_t>(Status::err_stalledpkt)) return {};
  if (answer[4] > static_cast<std::uint8_t>(State::error)) return {};
  const std::uint32_t poll = le16(answer, 1) | static_cast<std::uint32_t>(answer[3]) << 16;
  return StatusReport{static_cast<Status>(answer[0]), std::chrono::milliseconds(poll), static_cast<State>(answer[4]),
                      answer[5]};
}

Bytes encode(const StatusReport& report) {
  const auto poll = static_cast<std::uint32_t>(report.poll_timeout.count());
  return {static_cast<std::uint8_t>(report.status), static_cast<std::uint8_t>(poll),
          static_cast<std::uint8_t>(poll >> 8),     static_cast<std::uint8_t>(poll >> 16),
          static_cast<std::uint8_t>(report.state),  report.string_index};
}

std::optional<FunctionalDescriptor> parse_functional_descriptor(ByteView descriptor) {
  if (descriptor.size() < 7 || descriptor[0] < 7 || descriptor[0] > descriptor.size()) return {};
  if (descriptor[1] != descriptor_type_dfu_functional) return {};
  FunctionalDescriptor out;
  out.can_download = descriptor[2] & 1;
  out.can_upload = descriptor[2] & 2;
  out.manifestation_tolerant = descriptor[2] & 4;
  out.will_detach = descriptor[2] & 8;
  out.detach_timeout = std::chrono::milliseconds(le16(descriptor, 3));
  out.transfer_size = le16(descriptor, 5);
  if (descriptor[0] >= 9) out.version = le16(descriptor, 7);
  return out;
}

Bytes encode(const FunctionalDescriptor& descriptor) {
  const int attributes = descriptor.can_download | descriptor.can_upload << 1 | descriptor.manifestation_tolerant << 2 |
                         descriptor.will_detach << 3;
  Bytes out{9, descriptor_type_dfu_functional, static_cast<std::uint8_t>(attributes)};
  append_le16(out, static_cast<std::uint16_t>(descriptor.detach_timeout.count()));
  append_le16(out, descriptor.transfer_size);
  append_le16(out, descriptor.version);
  return out;
}

namespace {

Bytes dfuse_command(std::uint8_t command, std::uint32_t address) {
  Bytes out{command};
  append_le32(out, address);
  return out;
}

}  // namespace

Bytes dfuse_set_address(std::uint32_t address) {
  return dfuse_command(dfuse_command_set_address, address);
}
Bytes dfuse_erase(std::uint32_t address) {
  return dfuse_command(dfuse_command_erase, address);
}

}  // namespace dfu
