#include "dfu/particle/packed.h"

#include <optional>

#include "dfu/image/inflate.h"
#include "dfu/particle/extensions.h"
#include "dfu/particle/kinds.h"

namespace dfu::particle {
namespace {

// The largest flash of the platforms that know compression has 8 MiB, an asset store less.
constexpr std::uint32_t most_unpacked = 16 << 20;

constexpr std::uint32_t packed_header = 8;  // its own size (2), method, window, size when unpacked (4)

bool same_kind(const Module& a, const Module& b) {
  return a.platform == b.platform && a.function == b.function && a.index == b.index && a.version == b.version;
}

}  // namespace

std::string unpack(ByteView body, Module& module) {
  const std::uint32_t front = module.header_offset + prefix_size(body, module);
  const std::uint32_t tail = suffix_size(body, module);
  if (tail == 0 || body.size() < front + packed_header + tail) return "is compressed, and has no packed bytes";
  const ByteView packed = body.subspan(front, body.size() - front - tail);
  const std::uint16_t size = le16(packed, 0);
  if (size < packed_header || size > packed.size() || packed[2] != 0) {
    return "is compressed in a way that is not known";
  }
  module.unpacked_size = le32(packed, 4);
  if (module.unpacked_size > most_unpacked) return "is compressed, and says that it is larger than any flash";
  const auto unpacked = inflate(packed.subspan(size), module.unpacked_size);
  if (!unpacked || unpacked->size() != module.unpacked_size) {
    return "is compressed, and does not unpack to the " + std::to_string(module.unpacked_size) + " bytes that it says";
  }
  // Without its header nothing tells what it is.
  if (module.has(flag::drop_header)) return {};
  const ModuleResult inner = parse_module(*unpacked);
  const auto* whole = std::get_if<Module>(&inner);
  if (!whole || !same_kind(*whole, module)) return "is compressed, and what is packed in it is not the module it says";
  return {};
}

}  // namespace dfu::particle
