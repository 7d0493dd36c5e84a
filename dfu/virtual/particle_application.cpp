#include "dfu/virtual/particle_application.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

enum SerialPortRequest : std::uint8_t { set_line_coding = 0x20, get_line_coding = 0x21, set_control_lines = 0x22 };
// Line speeds that mean something (docs/devices.md, "Entering DFU mode"), and how long after its start the unit begins
// to notice.
constexpr std::uint32_t dfu_speed = 14400, listening_speed = 28800;
constexpr Duration notices_after = 1s;
// From the request to leave the application to the reset into the bootloader.
constexpr Duration application_end = 100ms;

constexpr std::uint8_t vendor_out = 0x40, vendor_in = 0xC0, raw = 0x50;
enum Service : std::uint8_t { init = 1, check = 2, receive = 4, reset_all = 5 };
enum Type : std::uint16_t { ask_id = 20, ask_version = 30, go_to_dfu = 50, listen = 70, ask_modules = 90 };

// Module versions of system part 2 (docs/devices.md, "Module versions", "Asking a running system"): 0.6.1, 0.7.0-rc.1,
// 0.8.0-rc.2, 1.1.0-rc.1.
constexpr std::uint16_t raw_from = 105, raw_modules_from = 200, services_from = 301, protobuf_from = 1100;
constexpr std::size_t raw_buffer = 512, most_at_once = 192;
constexpr std::uint16_t request_id = 1;

struct Release {
  std::uint16_t module;
  const char* name;
};
constexpr std::array<Release, 13> releases{{{1, "0.4.1"},
                                            {3, "0.4.3"},
                                            {5, "0.4.4"},
                                            {6, "0.4.5"},
                                            {11, "0.4.9"},
                                            {13, "0.5.0"},
                                            {102, "0.6.0"},
                                            {105, "0.6.1"},
                                            {109, "0.6.3"},
                                            {207, "0.7.0"},
                                            {1002, "1.0.1"},
                                            {1213, "1.2.1"},
                                            {2202, "2.2.0"}}};

std::string release_name(std::uint16_t module) {
  std::string name = "0.4.0";
  for (const Release& one : releases) {
    if (one.module <= module) name = one.name;
  }
  return name;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

char letter(std::uint8_t function) {
  constexpr std::string_view letters = "nrbmsu";
  return function < letters.size() ? letters[function] : '_';
}

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

// The answer of a service: flags, status, then what the flags name.
Reaction service_reply(std::optional<std::uint16_t> id, std::uint16_t status, std::optional<std::uint32_t> size = {},
                       std::optional<std::int32_t> result = {}) {
  Bytes out;
  append_le32(out, 1u | (id ? 2u : 0u) | (size ? 4u : 0u) | (result ? 8u : 0u));
  append_le16(out, status);
  if (id) append_le16(out, *id);
  if (size) append_le32(out, *size);
  if (result) append_le32(out, static_cast<std::uint32_t>(*result));
  return answer(std::move(out));
}

// ---- protobuf, as much as there is to say

void append_number(std::string& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7F));
  out += static_cast<char>(value);
}
void append_field(std::string& out, std::uint32_t field, std::uint32_t value) {
  if (value == 0) return;  // proto3 leaves out what is zero
  append_number(out, field << 3);
  append_number(out, value);
}
void append_message(std::string& out, std::uint32_t field, const std::string& message) {
  append_number(out, field << 3 | 2);
  append_number(out, static_cast<std::uint32_t>(message.size()));
  out += message;
}

std::uint32_t protobuf_type(std::uint8_t function) {
  constexpr std::uint32_t types[] = {0, 0, 1, 4, 2, 3};
  return function < std::size(types) ? types[function] : 0;
}

}  // namespace

void ParticleApplication::start() {
  listening_ = false;
  output_.clear();
  ready_.reset();
  request_.reset();
}

bool ParticleApplication::take_dfu_request() {
  return std::exchange(dfu_requested_, false);
}

Reaction ParticleApplication::to_dfu() {
  dfu_requested_ = true;
  return {.departure = Departure{.after = application_end}};
}

Reaction ParticleApplication::control(const Setup& setup, ByteView data, const Running& running) {
  const bool vendor = setup.request_type == vendor_out || setup.request_type == vendor_in;
  if (!vendor) return serial_port(setup, data, running);
  const std::uint16_t version = running.boot.system_version;
  if (version >= services_from) return setup.in() ? service(setup, running) : refusal();
  if (version < raw_from || setup.request != raw) return refusal();
  return setup.in() ? raw_answer(setup, running) : raw_request(setup, running);
}

Reaction ParticleApplication::serial_port(const Setup& setup, ByteView data, const Running& running) {
  switch (setup.request) {
    case set_line_coding:
      if (setup.in() || data.size() != line_coding_.size()) return refusal();
      line_coding_.assign(data.begin(), data.end());
      if (running.up < notices_after) return answer();
      if (le32(line_coding_, 0) == listening_speed) listening_ = true;
      return le32(line_coding_, 0) == dfu_speed ? to_dfu() : answer();
    case get_line_coding:
      return setup.in() ? answer(line_coding_) : refusal();
    case set_control_lines:
      return setup.in() ? refusal() : answer();
    default:
      return refusal();
  }
}

// ---- the raw requests of 0.6.1 to 0.8.0-rc.1

Reaction ParticleApplication::raw_request(const Setup& setup, const Running& running) {
  switch (setup.index) {
    case go_to_dfu:
      return to_dfu();
    case listen:
      listening_ = true;
      return answer();
    case ask_modules:
      if (running.boot.system_version < raw_modules_from) return refusal();
      ready_ = modules_json(running).substr(0, raw_buffer);
      return answer();
    default:
      return refusal();
  }
}

Reaction ParticleApplication::raw_answer(const Setup& setup, const Running& running) {
  std::string text;
  switch (setup.index) {
    case ask_id:
      text = upper(id_) + '\0';
      break;
    case ask_version:
      text = release_name(running.boot.system_version) + '\0';
      break;
    case ask_modules:
      if (!ready_) return refusal();
      text = *std::exchange(ready_, {});
      break;
    default:
      return refusal();
  }
  return text.size() > setup.length ? refusal() : answer(bytes_of(text));
}

// ---- the request protocol from 0.8.0-rc.2 on

std::optional<std::string> ParticleApplication::reply_to(std::uint16_t type, const Running& running) const {
  switch (type) {
    case ask_id:
      return upper(id_);
    case ask_version:
      return release_name(running.boot.system_version);
    case ask_modules:
      if (running.boot.system_version >= protobuf_from) return modules_protobuf(running);
      return "{" + modules_json(running) + "}";
    case go_to_dfu:
    case listen:
      return "";
    default:
      return {};
  }
}

// Done when it is looked at for the second time; a request to leave is carried out whether anybody looks or not.
Reaction ParticleApplication::service(const Setup& setup, const Running& running) {
  switch (setup.request) {
    case init: {
      constexpr std::uint16_t not_supported = 1;
      auto reply = reply_to(setup.index, running);
      if (!reply) return service_reply({}, not_supported);
      request_ = Request{setup.index, false, std::move(*reply)};
      if (setup.index == listen) listening_ = true;
      Reaction out = service_reply(request_id, 0);
      if (setup.index == go_to_dfu) out.departure = to_dfu().departure;
      return out;
    }
    case check: {
      constexpr std::uint16_t pending = 2, not_found = 5;
      if (!request_ || setup.index != request_id) return service_reply({}, not_found);
      if (!std::exchange(request_->looked_at, true)) return service_reply(request_id, pending);
      return service_reply(request_id, 0, static_cast<std::uint32_t>(request_->reply.size()), 0);
    }
    case receive:
      if (!request_ || setup.index != request_id) return refusal();
      return answer(bytes_of(std::exchange(request_, {})->reply));
    case reset_all:
      request_.reset();
      return service_reply({}, 0);
    default:
      return refusal();
  }
}

// ---- the serial port

Reaction ParticleApplication::bulk(std::uint8_t endpoint, ByteView data, std::size_t most, const Running& running) {
  switch (endpoint) {
    case UsbFace::serial_out:
      for (const std::uint8_t byte : data) {
        if (listening_) console(static_cast<char>(byte), running);
      }
      return answer();
    case UsbFace::serial_in: {
      if (output_.empty()) return {.answered = false};
      const std::string part = output_.substr(0, std::min(most, most_at_once));
      output_.erase(0, part.size());
      return answer(bytes_of(part));
    }
    case UsbFace::serial_notice:
      return {.answered = false};
    default:
      return refusal();
  }
}

void ParticleApplication::console(char command, const Running& running) {
  switch (command) {
    case 'i':
      output_ += "Your device id is " + id_ + "\r\n";
      break;
    case 'v':
      output_ += "system firmware version: " + release_name(running.boot.system_version) + "\r\n";
      break;
    case 's':
      output_ += "{" + modules_json(running) + "}\r\n";
      break;
    case 'x':
      listening_ = false;
      break;
    default:
      break;
  }
}

std::string ParticleApplication::modules_json(const Running& running) const {
  std::string out = "\"p\":" + std::to_string(board_->platform) + ",\"m\":[";
  bool first = true;
  for (const ModuleListing& one : list_modules(running.flash, *board_, running.boot.system_version)) {
    if (!std::exchange(first, false)) out += ",";
    out += "{\"s\":" + std::to_string(one.room) + ",\"l\":\"" + (one.factory ? "f" : "m") +
           "\",\"vc\":" + std::to_string(one.checked) + ",\"vv\":" + std::to_string(one.good);
    if (one.held) {
      if (one.held->sha) out += ",\"u\":\"" + upper(to_hex(*one.held->sha)) + "\"";
      out += std::string(",\"f\":\"") + letter(one.held->function) + "\",\"n\":\"" + std::to_string(one.held->index) +
             "\",\"v\":" + std::to_string(one.held->version);
    }
    out += ",\"d\":[";
    for (std::size_t i = 0; one.held && i < one.held->needs.size(); ++i) {
      const MissingModule& need = one.held->needs[i];
      out += std::string(i ? "," : "") + "{\"f\":\"" + letter(need.function) + "\",\"n\":\"" +
             std::to_string(need.index) + "\",\"v\":" + std::to_string(need.wanted) + ",\"_\":\"\"}";
    }
    out += "]}";
  }
  return out + "]";
}

std::string ParticleApplication::modules_protobuf(const Running& running) const {
  constexpr std::uint8_t integrity = 2, dependencies = 4;
  std::string out;
  for (const ModuleListing& one : list_modules(running.flash, *board_, running.boot.system_version)) {
    if (one.factory || !one.held) continue;
    std::string module;
    append_field(module, 1, protobuf_type(one.held->function));
    append_field(module, 2, one.held->index);
    append_field(module, 3, one.held->version);
    append_field(module, 4, one.room);
    append_field(module, 5, (one.good & integrity ? 0u : 1u) | (one.good & dependencies ? 0u : 2u));
    for (const MissingModule& need : one.held->needs) {
      std::string dependency;
      append_field(dependency, 1, protobuf_type(need.function));
      append_field(dependency, 2, need.index);
      append_field(dependency, 3, need.wanted);
      append_message(module, 6, dependency);
    }
    append_message(out, 1, module);
  }
  return out;
}

}  // namespace dfu::virt
