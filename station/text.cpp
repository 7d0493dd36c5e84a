#include "station/text.h"

#include "dfu/bytes.h"

namespace station {

std::string place(const dfu::PortPath& port, const std::string& slot) {
  return slot.empty() ? port.text : slot + " (" + port.text + ")";
}

std::string sentence(const dfu::Fault& fault) {
  std::string out(dfu::to_string(fault.code));
  if (!fault.step.empty()) out += ", step " + fault.step;
  if (fault.operation) out += ", " + std::string(dfu::to_string(*fault.operation));
  if (fault.address) out += " at " + dfu::hex_address(*fault.address);
  if (fault.block) out += ", block " + std::to_string(*fault.block);
  return fault.text.empty() ? out : out + ": " + fault.text;
}

std::string yes_no(std::optional<bool> value) {
  if (!value) return "not asked";
  return *value ? "yes" : "no";
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    const bool c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F, which some terminals obey
    if (c1) ++at;
    out += c1 || byte < 0x20 || byte == 0x7F ? '?' : static_cast<char>(byte);
  }
  return out;
}

std::string counted(std::uint64_t number, const std::string& noun) {
  return grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace station
