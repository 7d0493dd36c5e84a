// USB/IP 1.1.1 as bytes: what a client may ask and what it is answered. Whatever arrives is hostile until it is parsed:
// every length is bounded before a byte of it is waited for. Pure; any thread.
// Source: the Linux kernel's Documentation/usb/usbip_protocol.rst.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dfu/bus.h"

namespace dfu::virt::usbip {

inline constexpr std::uint16_t default_port = 3240;
// Of one transfer. A control transfer cannot have more; no client sends as much in one bulk transfer.
inline constexpr std::uint32_t most_data = 65535;
// What a client can make us keep of a message that it has not finished.
inline constexpr std::size_t longest_message = 48 + most_data;

// A connection opens with one of these.
struct ListRequest {};
struct ImportRequest {
  std::string busid;  // any bytes, at most 31
};

// What follows a successful import. A URB on an endpoint other than 0 is taken for a bulk transfer: which it is only
// the unit knows, and interrupt transfers are asked for in the same way.
struct Submit {
  std::uint32_t seqnum = 0;
  bool short_is_error = false;  // URB_SHORT_NOT_OK
  Transfer transfer;            // without a timeout: the client's system sends Unlink when it has waited enough
};
struct Unlink {
  std::uint32_t seqnum = 0;
  std::uint32_t target = 0;  // the seqnum of a Submit
};

struct Incomplete {};  // more bytes are needed
struct Refused {       // the connection is beyond repair
  std::string reason;
};

using Opening = std::variant<Incomplete, Refused, ListRequest, ImportRequest>;
using Command = std::variant<Incomplete, Refused, Submit, Unlink>;

// Takes one message from the front of `received`, which then begins behind it; as it was when the message is
// incomplete or refused.
Opening take_opening(ByteView& received);
Command take_command(ByteView& received);

enum class ImportStatus : std::uint32_t { ok = 0, failed = 1, busy = 2, device_error = 3, no_device = 4 };

// A unit's busid is its port path.
Bytes list_reply(const std::vector<UnitInfo>& units);
Bytes import_reply(const UnitInfo& unit);
Bytes import_refusal(ImportStatus status);
Bytes submit_reply(const Submit& asked, const TransferResult& result);
// `cancelled`: in place of the answer to the Submit. Otherwise that has been answered, or never existed.
Bytes unlink_reply(std::uint32_t seqnum, bool cancelled);

}  // namespace dfu::virt::usbip
