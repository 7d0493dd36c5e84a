#include "dfu/virtual/usbip.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>

namespace dfu::virt::usbip {

namespace {

constexpr std::uint16_t version = 0x0111;
constexpr std::uint16_t list_request = 0x8005, list_answer = 0x0005;
constexpr std::uint16_t import_request = 0x8003, import_answer = 0x0003;
constexpr std::size_t opening_size = 8, path_size = 256, busid_size = 32;

constexpr std::uint32_t command_submit = 1, command_unlink = 2, answer_submit = 3, answer_unlink = 4;
constexpr std::size_t header_size = 48;
constexpr std::uint32_t not_isochronous = 0xFFFFFFFF;
constexpr std::uint32_t flag_short_is_error = 1;

// Linux's error numbers, which are part of the protocol.
constexpr std::int32_t error_stall = -32, error_protocol = -71, error_no_device = -19, error_cancelled = -104,
                       error_short = -121, error_timeout = -110;

constexpr std::uint32_t full_speed = 2;

std::uint16_t be16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void append_be16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_be32(Bytes& out, std::uint32_t value) {
  append_be16(out, static_cast<std::uint16_t>(value >> 16));
  append_be16(out, static_cast<std::uint16_t>(value));
}

// Closed with a zero, and zeros up to the end of the field.
void append_text(Bytes& out, std::string_view text, std::size_t field) {
  text = text.substr(0, field - 1);
  out.insert(out.end(), text.begin(), text.end());
  out.resize(out.size() + field - text.size());
}

std::string hex(std::uint32_t value) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%04x", value);
  return text;
}

Bytes answer_head(std::uint16_t code, ImportStatus status) {
  Bytes out;
  append_be16(out, version);
  append_be16(out, code);
  append_be32(out, static_cast<std::uint32_t>(status));
  return out;
}

// Interface classes in order of their numbers, each by its first alternate setting.
std::map<std::uint8_t, AltSetting> interfaces_of(const UnitInfo& unit) {
  std::map<std::uint8_t, AltSetting> interfaces;
  for (const AltSetting& one : unit.configuration.alternates) interfaces.emplace(one.interface_number, one);
  return interfaces;
}

void append_device(Bytes& out, const UnitInfo& unit) {
  const auto interfaces = interfaces_of(unit);
  const bool serial_port = !interfaces.empty() && interfaces.begin()->second.interface_class == 2;
  append_text(out, "/flashline/virtual/" + unit.port.text, path_size);
  append_text(out, unit.port.text, busid_size);
  append_be32(out, static_cast<std::uint32_t>(std::atoi(unit.port.text.c_str())));
  // Linux's tools keep a device number in 8 bits, USB an address in 7.
  append_be32(out, static_cast<std::uint32_t>(1 + unit.handle % 127));
  append_be32(out, full_speed);
  append_be16(out, unit.id.vendor);
  append_be16(out, unit.id.product);
  append_be16(out, unit.release);
  // A serial port says what it is for the device as a whole, everything else does for each interface.
  const Bytes rest{static_cast<std::uint8_t>(serial_port ? 2 : 0), 0, 0, 1, 1,
                   static_cast<std::uint8_t>(interfaces.size())};
  out.insert(out.end(), rest.begin(), rest.end());
}

Bytes answer_header(std::uint32_t command, std::uint32_t seqnum, std::int32_t status, std::uint32_t length) {
  Bytes out;
  append_be32(out, command);
  append_be32(out, seqnum);
  out.resize(0x14);
  append_be32(out, static_cast<std::uint32_t>(status));
  append_be32(out, length);
  out.resize(header_size);
  return out;
}

std::int32_t error_of(TransferStatus status) {
  switch (status) {
    case TransferStatus::ok:
      return 0;
    case TransferStatus::stall:
      return error_stall;
    case TransferStatus::timed_out:
      return error_timeout;
    case TransferStatus::gone:
      return error_no_device;
    case TransferStatus::io_error:
      return error_protocol;
    case TransferStatus::cancelled:
      return error_cancelled;
  }
  return error_protocol;
}

// What is wrong with a header of a Submit, if anything is.
std::optional<std::string> problem_of(ByteView header, const Setup& setup) {
  const std::uint32_t direction = be32(header, 0x0C), endpoint = be32(header, 0x10), length = be32(header, 0x18);
  const std::uint32_t packets = be32(header, 0x20);
  if (direction > 1) return "direction " + hex(direction);
  if (endpoint > 15) return "endpoint " + hex(endpoint);
  if (length > most_data) return "a transfer of " + std::to_string(length) + " bytes";
  if (packets != 0 && packets != not_isochronous) return "an isochronous transfer";
  if (endpoint != 0) return {};
  if (length != setup.length) return "a control transfer with two lengths";
  if (length != 0 && setup.in() != (direction == 1)) return "a control transfer with two directions";
  return {};
}

Command take_submit(ByteView& received) {
  const Setup setup{received[0x28], received[0x29], le16(received, 0x2A), le16(received, 0x2C), le16(received, 0x2E)};
  if (const auto problem = problem_of(received, setup)) return Refused{*problem};
  const bool in = be32(received, 0x0C) == 1;
  const std::uint32_t length = be32(received, 0x18);
  const std::size_t sent = in ? 0 : length;
  if (received.size() < header_size + sent) return Incomplete{};

  Submit submit;
  submit.seqnum = be32(received, 4);
  submit.short_is_error = (be32(received, 0x14) & flag_short_is_error) != 0;
  submit.transfer.setup = setup;
  if (const auto endpoint = static_cast<std::uint8_t>(be32(received, 0x10))) {
    submit.transfer.endpoint = static_cast<std::uint8_t>(endpoint | (in ? 0x80 : 0));
    submit.transfer.setup = Setup{.length = static_cast<std::uint16_t>(length)};
  }
  const ByteView data = received.subspan(header_size, sent);
  submit.transfer.data.assign(data.begin(), data.end());
  received = received.subspan(header_size + sent);
  return submit;
}

}  // namespace

Opening take_opening(ByteView& received) {
  if (received.size() < opening_size) return Incomplete{};
  if (be16(received, 0) != version) return Refused{"protocol version " + hex(be16(received, 0))};
  const std::uint16_t code = be16(received, 2);
  if (code == list_request) {
    received = received.subspan(opening_size);
    return ListRequest{};
  }
  if (code != import_request) return Refused{"request " + hex(code)};
  if (received.size() < opening_size + busid_size) return Incomplete{};
  const ByteView field = received.subspan(opening_size, busid_size);
  const auto end = std::ranges::find(field, 0);
  if (end == field.end()) return Refused{"a busid without an end"};
  received = received.subspan(opening_size + busid_size);
  return ImportRequest{std::string(field.begin(), end)};
}

Command take_command(ByteView& received) {
  if (received.size() < header_size) return Incomplete{};
  switch (be32(received, 0)) {
    case command_submit:
      return take_submit(received);
    case command_unlink: {
      const Unlink unlink{be32(received, 4), be32(received, 0x14)};
      received = received.subspan(header_size);
      return unlink;
    }
    default:
      return Refused{"command " + hex(be32(received, 0))};
  }
}

Bytes list_reply(const std::vector<UnitInfo>& units) {
  Bytes out = answer_head(list_answer, ImportStatus::ok);
  append_be32(out, static_cast<std::uint32_t>(units.size()));
  for (const UnitInfo& unit : units) {
    append_device(out, unit);
    for (const auto& [number, one] : interfaces_of(unit)) {
      const Bytes classes{one.interface_class, one.interface_subclass, one.protocol, 0};
      out.insert(out.end(), classes.begin(), classes.end());
    }
  }
  return out;
}

Bytes import_reply(const UnitInfo& unit) {
  Bytes out = answer_head(import_answer, ImportStatus::ok);
  append_device(out, unit);
  return out;
}

Bytes import_refusal(ImportStatus status) {
  return answer_head(import_answer, status);
}

Bytes submit_reply(const Submit& asked, const TransferResult& result) {
  const bool in = asked.transfer.in();
  const std::size_t length = in                                    ? result.data.size()
                             : result.status == TransferStatus::ok ? asked.transfer.data.size()
                                                                   : 0;
  std::int32_t status = error_of(result.status);
  if (status == 0 && in && asked.short_is_error && length < asked.transfer.setup.length) status = error_short;
  Bytes out = answer_header(answer_submit, asked.seqnum, status, static_cast<std::uint32_t>(length));
  out.insert(out.end(), result.data.begin(), result.data.end());
  return out;
}

Bytes unlink_reply(std::uint32_t seqnum, bool cancelled) {
  return answer_header(answer_unlink, seqnum, cancelled ? error_cancelled : 0, 0);
}

}  // namespace dfu::virt::usbip
