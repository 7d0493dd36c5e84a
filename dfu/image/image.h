// What a file is, and whether it is sound: one answer for any bytes. Sound means whole, and good for what it was made
// for, which need not be flashing by DFU: a bundle is, and a compressed module. Source: docs/devices.md, "DFU file
// suffix", "DfuSe files", "Module header". Pure; any thread; any bytes are safe input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/hash.h"
#include "dfu/particle/module.h"

namespace dfu {

enum class ImageKind {
  particle_module,
  raw,
  dfuse,
  dfu_suffix,
  intel_hex,
  s_record,
  elf,
  uf2,
  zip,
  html,
  empty,
  legacy_core,
  mcuboot,
  boot_image,   // for another boot loader
  bitstream,    // for an FPGA
  file_system,  // an image of one
  unknown,
};

std::string_view to_string(ImageKind kind);  // "particle-module"

// The last 16 bytes of a file made for DFU.
struct DfuSuffix {
  std::uint16_t release = 0xFFFF;
  std::uint16_t product = 0xFFFF;  // 0xFFFF: any
  std::uint16_t vendor = 0xFFFF;
  std::uint16_t dfu_version = 0x0100;
  std::uint8_t length = 16;
  std::uint32_t crc = 0;
};

// A file inside a zip archive.
struct Packed {
  std::string name;
  std::size_t bytes = 0;
  ImageKind kind = ImageKind::unknown;
  bool sound = false;
  std::optional<particle::Module> module{};
};

struct ImageFacts {
  ImageKind kind = ImageKind::unknown;
  bool sound = false;
  std::string problem;                     // why it is not sound: a sentence without the file name
  std::string remedy;                      // of an unknown file, what else it would take; a sentence, or empty
  std::string what;                        // more than the kind says: "MCUboot image 1.2.3+4, signed with ECDSA"
  bool as_is = false;                      // its format was not looked at, see as_raw()
  std::optional<particle::Module> module;  // of a particle-module, also of a damaged one, also inside a dfu-suffix file
  std::optional<DfuSuffix> suffix;
  // Where a sound dfuse, intel-hex or s-record file, or an undamaged ELF or UF2, says its bytes go; ascending.
  std::vector<Range> ranges;
  std::optional<std::uint8_t> alternate;  // of a dfuse: the memory it is for
  // Of a dfuse for several memories, all of them. Without `alternate` none is chosen yet: see of_target().
  std::vector<std::uint8_t> targets{};
  std::vector<Packed> packed;  // what is in an undamaged zip archive
  // What is in a sound file that nobody expects there, and what becomes of it when the file is flashed: sentences
  // without the file name.
  std::vector<std::string> remarks{};
};

ImageFacts identify(ByteView file);

// A file with its digest and its facts: immutable once made, shared by everything that uses it.
struct Image {
  std::string name;         // file name without folder
  Bytes file;               // as on disk
  Sha256 sha256{};          // of the file as on disk
  Sha256 payload_sha256{};  // of payload()
  ImageFacts facts;
  Bytes content;                 // of a file that says where its bytes go: those of all its ranges, one after the other
  std::vector<Range> omitted{};  // what of the file was left out on purpose, ascending: no part of the ranges

  // The bytes that go into flash: the content, or else the file without a DFU suffix.
  ByteView payload() const;
};

std::shared_ptr<const Image> make_image(std::string name, Bytes file);
// The same file, every byte of it, whatever they look like: nothing is read out of them.
std::shared_ptr<const Image> as_raw(const Image& image);
// Erased flash at these places, which are ascending.
std::shared_ptr<const Image> blank_image(const std::vector<Range>& ranges);
// The part of such a file that is for this alternate setting. Null: it has none.
std::shared_ptr<const Image> of_target(const Image& image, std::uint8_t alternate);
// The same file without the bytes at these addresses. Null if nothing is left, or the file does not say where its bytes
// go.
std::shared_ptr<const Image> without(const Image& image, const std::vector<Range>& omitted);

}  // namespace dfu
