#include "dfu/image/image.h"

#include <algorithm>
#include <utility>

#include "dfu/image/bundle.h"
#include "dfu/image/containers.h"
#include "dfu/image/formats.h"
#include "dfu/image/mcuboot.h"
#include "dfu/image/other_cores.h"
#include "dfu/image/other_formats.h"
#include "dfu/image/programs.h"
#include "dfu/image/suffix.h"

namespace dfu {
namespace {

ImageFacts sound(ImageKind kind) {
  ImageFacts facts;
  facts.kind = kind;
  facts.sound = true;
  return facts;
}

ImageFacts unsound(ImageKind kind, std::string problem) {
  ImageFacts facts;
  facts.kind = kind;
  facts.problem = std::move(problem);
  return facts;
}

ImageFacts named(ImageKind kind, std::string what) {
  ImageFacts facts = sound(kind);
  facts.what = std::move(what);
  return facts;
}

// What is not flashed, however whole it is.
ImageFacts program(ImageKind kind, ProgramFacts found) {
  const bool whole = !found.ranges.empty();
  ImageFacts facts = unsound(kind, std::move(found.text) + (whole ? "; flash the .bin made from it" : ""));
  facts.ranges = std::move(found.ranges);
  return facts;
}

constexpr const char* nothing_known = "is of no known firmware format";

std::optional<ImageFacts> by_first_bytes(ByteView file) {
  if (file.empty()) return unsound(ImageKind::empty, "is empty");
  if (is_elf(file)) return program(ImageKind::elf, read_elf(file));
  if (is_zip(file)) return identify_zip(file);
  if (is_uf2(file)) return program(ImageKind::uf2, read_uf2(file));
  if (is_html(file)) return unsound(ImageKind::html, "is a web page, not firmware; download the firmware again");
  return std::nullopt;
}

std::optional<ImageFacts> as_module(ByteView file) {
  particle::ModuleResult result = particle::parse_module(file);
  if (auto* module = std::get_if<particle::Module>(&result)) {
    ImageFacts facts = sound(ImageKind::particle_module);
    facts.module = std::move(*module);
    return facts;
  }
  if (auto* damaged = std::get_if<particle::DamagedModule>(&result)) {
    ImageFacts facts = unsound(ImageKind::particle_module, std::move(damaged->problem));
    facts.module = std::move(damaged->module);
    return facts;
  }
  return std::nullopt;
}

ImageFacts as_mcuboot(const McubootImage& image) {
  ImageFacts facts = image.problem.empty() ? sound(ImageKind::mcuboot) : unsound(ImageKind::mcuboot, image.problem);
  facts.what = "MCUboot image " + image.version + (image.encrypted ? ", encrypted" : "") +
               (image.signature.empty() ? ", not signed" : ", signed with " + image.signature);
  if (!image.remark.empty()) facts.remarks.push_back(image.remark);
  return facts;
}

// A Particle module may come in one of these too; where it then goes is said twice and must agree.
ImageFacts with_content(ImageKind kind, const ContentResult& result, Bytes* bytes) {
  const auto* content = std::get_if<Content>(&result);
  if (!content) return unsound(kind, std::get<std::string>(result));
  ImageFacts facts = sound(kind);
  if (content->ranges.size() == 1) {
    if (auto module = as_module(content->bytes)) facts = *std::move(module);
    if (const auto image = parse_mcuboot(content->bytes)) facts = as_mcuboot(*image);
    facts.kind = kind;
    if (facts.sound && facts.module && facts.module->start != content->ranges[0].begin) {
      facts.sound = false;
      facts.problem = "puts a module at " + hex_address(content->ranges[0].begin) + " that was built for " +
                      hex_address(facts.module->start);
    }
  }
  facts.ranges = content->ranges;
  facts.alternate = content->alternate;
  if (!content->remark.empty()) facts.remarks.push_back(content->remark);
  if (bytes) *bytes = content->bytes;
  return facts;
}

ImageFacts as_dfuse(TargetsResult result, Bytes* bytes) {
  auto* targets = std::get_if<std::vector<Content>>(&result);
  if (!targets) return unsound(ImageKind::dfuse, std::get<std::string>(std::move(result)));
  if (targets->size() == 1) return with_content(ImageKind::dfuse, std::move(targets->front()), bytes);
  ImageFacts facts = named(ImageKind::dfuse, "for alternate settings");
  for (const Content& one : *targets) {
    facts.what += (facts.targets.empty() ? " " : ", ") + std::to_string(*one.alternate);
    facts.targets.push_back(*one.alternate);
  }
  return facts;
}

ImageFacts as_other(OtherFormat other) {
  if (other.kind != ImageKind::unknown) return named(other.kind, std::move(other.name));
  ImageFacts facts = unsound(ImageKind::unknown, "is " + other.name + ", not firmware");
  facts.remedy = std::move(other.remedy);
  return facts;
}

std::optional<ImageFacts> as_program(ByteView file) {
  if (is_cortex_m_program(file)) return named(ImageKind::raw, describe_cortex_m(file));
  if (const auto room = unsigned_for_mcuboot(file)) {
    ImageFacts facts =
        unsound(ImageKind::unknown, "begins with " + std::to_string(*room) +
                                        " empty bytes, the place of an MCUboot header, and is not signed");
    facts.remedy = "Use the file that imgtool made of it, zephyr.signed.bin in a Zephyr build.";
    return facts;
  }
  if (is_avr_program(file)) return named(ImageKind::raw, "an AVR program");
  if (is_risc_v_program(file)) return named(ImageKind::raw, "a RISC-V program");
  return std::nullopt;
}

ImageFacts without_regard_to_suffix(ByteView file) {
  if (auto facts = by_first_bytes(file)) return *std::move(facts);
  if (auto facts = as_module(file)) return *std::move(facts);
  if (std::string seen = particle::resemblance(file); !seen.empty()) return unsound(ImageKind::unknown, seen);
  if (const auto image = parse_mcuboot(file)) return as_mcuboot(*image);
  if (auto other = other_format(file)) return as_other(*std::move(other));
  if (is_legacy_core(file)) return sound(ImageKind::legacy_core);
  if (auto facts = as_program(file)) return *std::move(facts);
  if (std::ranges::all_of(file, [&](std::uint8_t byte) { return byte == 0xFF; })) {
    ImageFacts facts = unsound(ImageKind::unknown, "holds nothing but 0xFF, as erased flash does");
    facts.remedy = "Was it read from an empty unit? Fetch or build it again.";
    return facts;
  }
  if (is_text(file)) return unsound(ImageKind::unknown, "is text, not firmware");
  if (is_utf16_text(file)) {
    ImageFacts facts = unsound(ImageKind::unknown, "is text in UTF-16, not firmware");
    facts.remedy = "If it is a .hex, save it as plain text (ASCII): PowerShell's > and some editors write UTF-16.";
    return facts;
  }
  return unsound(ImageKind::unknown, nothing_known);
}

ImageFacts with_suffix(ByteView file, const DfuSuffix& suffix) {
  ImageFacts facts;
  std::string problem = suffix_problem(file, suffix);
  if (!problem.empty()) {
    facts = unsound(ImageKind::dfu_suffix, std::move(problem));
  } else {
    facts = without_regard_to_suffix(without_suffix(file, suffix));
    // The CRC of the suffix is right, so the bytes count as sound although only the unit knows their format.
    const bool formless = facts.problem == nothing_known || !facts.remedy.empty();
    if (facts.kind == ImageKind::unknown && formless) facts = sound(ImageKind::dfu_suffix);
    facts.kind = ImageKind::dfu_suffix;
    if (!facts.sound) facts.problem = "ends in a DFU suffix, and what is before that " + facts.problem;
  }
  facts.suffix = suffix;
  return facts;
}

}  // namespace

std::string_view to_string(ImageKind kind) {
  switch (kind) {
    case ImageKind::particle_module:
      return "particle-module";
    case ImageKind::raw:
      return "raw";
    case ImageKind::dfuse:
      return "dfuse";
    case ImageKind::dfu_suffix:
      return "dfu-suffix";
    case ImageKind::intel_hex:
      return "intel-hex";
    case ImageKind::s_record:
      return "s-record";
    case ImageKind::elf:
      return "elf";
    case ImageKind::uf2:
      return "uf2";
    case ImageKind::zip:
      return "zip";
    case ImageKind::html:
      return "html";
    case ImageKind::empty:
      return "empty";
    case ImageKind::legacy_core:
      return "legacy-core";
    case ImageKind::mcuboot:
      return "mcuboot";
    case ImageKind::boot_image:
      return "boot-image";
    case ImageKind::bitstream:
      return "bitstream";
    case ImageKind::file_system:
      return "file-system";
    case ImageKind::unknown:
      return "unknown";
  }
  return "unknown";
}

namespace {

ImageFacts facts_of(ByteView file, Bytes* content) {
  const auto suffix = parse_suffix(file);
  if (is_dfuse(file)) {
    ImageFacts facts = as_dfuse(parse_dfuse(file), content);
    facts.suffix = suffix;
    return facts;
  }
  if (suffix) return with_suffix(file, *suffix);
  if (is_intel_hex(file)) return with_content(ImageKind::intel_hex, parse_intel_hex(file), content);
  if (is_s_records(file)) return with_content(ImageKind::s_record, parse_s_records(file), content);
  return without_regard_to_suffix(file);
}

}  // namespace

ImageFacts identify(ByteView file) {
  return facts_of(file, nullptr);
}

ByteView Image::payload() const {
  if (!content.empty()) return content;
  return facts.kind == ImageKind::dfu_suffix ? without_suffix(file, *facts.suffix) : ByteView(file);
}

namespace {

Sha256 payload_digest(const Image& image) {
  const ByteView payload = image.payload();
  return payload.size() == image.file.size() && payload.data() == image.file.data() ? image.sha256 : sha256(payload);
}

// The only way out of this file: no image may leave without the digest that a record gives as `readback_sha256`.
std::shared_ptr<const Image> finished(Image image) {
  image.payload_sha256 = payload_digest(image);
  return std::make_shared<const Image>(std::move(image));
}

// The same file, before it is decided which of its bytes go into flash.
Image same_file(const Image& image) {
  Image out;
  out.name = image.name;
  out.file = image.file;
  out.sha256 = image.sha256;
  return out;
}

}  // namespace

std::shared_ptr<const Image> make_image(std::string name, Bytes file) {
  Image image;
  image.name = std::move(name);
  image.sha256 = sha256(file);
  image.facts = facts_of(file, &image.content);
  image.file = std::move(file);
  return finished(std::move(image));
}

namespace {

// What of `range` is in none of `omitted`, ascending.
std::vector<Range> rest_of(Range range, std::vector<Range> omitted) {
  std::ranges::sort(omitted, {}, &Range::begin);
  std::vector<Range> rest;
  for (const Range& gone : omitted) {
    if (gone.end <= range.begin || gone.begin >= range.end) continue;
    if (gone.begin > range.begin) rest.push_back({range.begin, gone.begin});
    range.begin = std::min(gone.end, range.end);
  }
  if (!range.empty()) rest.push_back(range);
  return rest;
}

}  // namespace

std::shared_ptr<const Image> as_raw(const Image& image) {
  Image out = same_file(image);
  out.facts = sound(ImageKind::raw);
  out.facts.as_is = true;
  return finished(std::move(out));
}

std::shared_ptr<const Image> blank_image(const std::vector<Range>& ranges) {
  Image out;
  out.name = "(blank)";
  out.facts.ranges = ranges;
  std::size_t bytes = 0;
  for (const Range& range : ranges) bytes += range.size();
  out.content.assign(bytes, 0xFF);
  out.file = out.content;
  out.sha256 = sha256(out.content);
  return finished(std::move(out));
}

std::shared_ptr<const Image> of_target(const Image& image, std::uint8_t alternate) {
  auto result = parse_dfuse(image.file);
  auto* targets = std::get_if<std::vector<Content>>(&result);
  if (!targets) return nullptr;
  const auto found = std::ranges::find(*targets, alternate, &Content::alternate);
  if (found == targets->end()) return nullptr;
  Image out = same_file(image);
  out.facts = with_content(ImageKind::dfuse, *found, &out.content);
  out.facts.suffix = image.facts.suffix;
  out.facts.targets = image.facts.targets;
  return finished(std::move(out));
}

namespace {

// Ascending, each byte in one of them.
std::vector<Range> each_once(std::vector<Range> ranges) {
  std::ranges::sort(ranges, {}, &Range::begin);
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (out.empty() || range.begin > out.back().end) {
      out.push_back(range);
    } else {
      out.back().end = std::max(out.back().end, range.end);
    }
  }
  return out;
}

}  // namespace

std::shared_ptr<const Image> without(const Image& image, const std::vector<Range>& named) {
  if (image.content.empty()) return nullptr;
  const std::vector<Range> omitted = each_once(named);
  Image out = same_file(image);
  Content left;
  std::size_t at = 0;
  for (const Range& range : image.facts.ranges) {
    for (const Range& part : rest_of(range, omitted)) {
      const ByteView bytes = ByteView(image.content).subspan(at + (part.begin - range.begin), part.size());
      left.ranges.push_back(part);
      left.bytes.insert(left.bytes.end(), bytes.begin(), bytes.end());
    }
    at += range.size();
    for (const Range& gone : omitted) {
      if (gone.overlaps(range))
        out.omitted.push_back({std::max(gone.begin, range.begin), std::min(gone.end, range.end)});
    }
  }
  if (left.ranges.empty()) return nullptr;
  left.alternate = image.facts.alternate;
  out.facts = with_content(image.facts.kind, left, &out.content);
  out.facts.suffix = image.facts.suffix;
  return finished(std::move(out));
}

}  // namespace dfu
