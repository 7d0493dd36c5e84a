#include <filesystem>

#include "config/files.h"
#include "station/commands.h"
#include "station/image_json.h"
#include "station/inputs.h"
#include "station/output.h"
#include "station/text.h"

namespace station {

namespace {

// Flash is 2 MB on the largest unit; a release bundle is less than that.
constexpr std::size_t most_bytes = 64u << 20;

std::string what_it_is(const dfu::ImageFacts& facts) {
  std::string text(dfu::to_string(facts.kind));
  if (facts.module) text += ": " + dfu::particle::describe(*facts.module);
  return text;
}

std::string as_text(const std::string& file, const dfu::Image& image) {
  const dfu::ImageFacts& facts = image.facts;
  std::string text = file + "\n";
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += "  " + std::string(name) + std::string(14 - name.size(), ' ') + value + "\n";
  };
  line("kind", what_it_is(facts));
  line("verdict", facts.sound ? "SOUND" : "NOT SOUND: " + facts.problem);
  line("bytes", grouped(image.file.size()));
  line("sha256", dfu::to_hex(image.sha256));
  if (facts.module) {
    line("addresses", dfu::hex_address(facts.module->start) + " to " + dfu::hex_address(facts.module->end));
    for (const dfu::particle::Dependency& each : facts.module->dependencies) {
      line("needs", dfu::particle::describe(each));
    }
  }
  for (const dfu::Range& range : facts.ranges) {
    line("goes to", dfu::hex_address(range.begin) + " to " + dfu::hex_address(range.end));
  }
  if (facts.suffix) line("made for", dfu::hex_id(facts.suffix->vendor, facts.suffix->product));
  return text;
}

}  // namespace

ExitStatus inspect(const InspectOptions& options) {
  bool all_sound = true;
  bool missing = false;
  for (const std::string& file : options.files) {
    auto read = config::read_file(file, most_bytes);
    if (const auto* problem = std::get_if<config::Unreadable>(&read)) {
      complain(ExitStatus::input_missing, file + " " + problem->problem + ".");
      missing = true;
      continue;
    }
    const auto image =
        dfu::make_image(std::filesystem::path(file).filename().string(), std::get<dfu::Bytes>(std::move(read)));
    all_sound = all_sound && image->facts.sound;
    const std::string text = options.json ? compact(image_json(file, *image)) + "\n" : as_text(file, *image);
    if (!print(text)) return ExitStatus::cannot_create;
  }
  if (missing) return ExitStatus::input_missing;
  return all_sound ? ExitStatus::passed : ExitStatus::not_passed;
}

}  // namespace station
