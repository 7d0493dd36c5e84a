#include <filesystem>
#include <system_error>

#include "config/files.h"
#include "station/cli/command.h"
#include "station/cli/files_under.h"
#include "station/output/output.h"
#include "station/record/image_json.h"
#include "station/run/inputs.h"
#include "station/text.h"

namespace station {

namespace {

struct InspectOptions {
  std::vector<std::string> files;
  bool json = false;
};

// Flash is 2 MB on the largest unit; a release bundle is less than that.
constexpr std::size_t most_bytes = 64u << 20;

std::string what_it_is(const dfu::ImageFacts& facts) {
  std::string text(dfu::to_string(facts.kind));
  if (!facts.what.empty()) text += ": " + facts.what;
  if (facts.module) text += ": " + dfu::particle::describe(*facts.module);
  return text;
}

std::string as_text(const std::string& file, const dfu::Image& image) {
  const dfu::ImageFacts& facts = image.facts;
  std::string text = printable(file) + "\n";
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += "  " + std::string(name) + std::string(14 - name.size(), ' ') + value + "\n";
  };
  line("kind", what_it_is(facts));
  line("verdict", facts.sound ? "SOUND" : "NOT SOUND: " + facts.problem);
  line("bytes", grouped(image.file.size()));
  line("sha256", dfu::to_hex(image.sha256));
  if (facts.module) {
    const dfu::particle::Module& module = *facts.module;
    line("addresses", dfu::hex_address(module.start) + " to " + dfu::hex_address(module.end));
    for (const dfu::particle::Dependency& each : module.dependencies) line("needs", dfu::particle::describe(each));
    for (const dfu::particle::AssetNeed& each : module.assets) line("needs file", each.name);
    for (const dfu::particle::Module& each : module.following) line("then", dfu::particle::describe(each));
    if (!only_over_the_air(module).empty()) line("note", only_over_the_air(module));
  }
  for (const std::string& remark : facts.remarks) line("note", remark);
  for (const dfu::Packed& packed : facts.packed) {
    line("holds", packed.name + (packed.module ? ": " + dfu::particle::describe(*packed.module) : ""));
  }
  for (const dfu::Range& range : facts.ranges) {
    line("goes to", dfu::hex_address(range.begin) + " to " + dfu::hex_address(range.end));
  }
  if (facts.suffix) line("made for", dfu::hex_id(facts.suffix->vendor, facts.suffix->product));
  return text;
}

// What was found so far.
struct Tally {
  std::size_t sound = 0;
  std::size_t unreadable = 0;
  std::vector<std::string> not_sound;  // with the reason

  std::size_t files() const { return sound + unreadable + not_sound.size(); }
};

// Everything that the command line names, folders opened up.
std::vector<std::string> files_of(const InspectOptions& options, Tally& tally) {
  std::vector<std::string> files;
  const auto unreadable = [&](const std::string& problem) {
    complain(ExitStatus::input_missing, problem);
    ++tally.unreadable;
  };
  for (const std::string& named : options.files) {
    std::error_code error;
    if (!std::filesystem::is_directory(named, error)) {
      files.push_back(named);
      continue;
    }
    FilesUnder found = files_under(named);
    for (const std::string& problem : found.problems) unreadable(problem);
    if (found.files.empty() && found.problems.empty()) unreadable("the folder " + named + " holds no file to inspect.");
    files.insert(files.end(), found.files.begin(), found.files.end());
  }
  return files;
}

// False: nobody reads what is printed.
bool inspect_file(const std::string& file, bool json, Tally& tally) {
  auto read = config::read_file(file, most_bytes);
  if (const auto* problem = std::get_if<config::Unreadable>(&read)) {
    complain(ExitStatus::input_missing, file + " " + problem->problem + ".");
    ++tally.unreadable;
    return true;
  }
  const auto image =
      dfu::make_image(std::filesystem::path(file).filename().string(), std::get<dfu::Bytes>(std::move(read)));
  if (image->facts.sound) {
    ++tally.sound;
  } else {
    tally.not_sound.push_back(printable(file) + ": " + image->facts.problem);
  }
  return json ? print(compact(image_json(file, *image)) + "\n") : print_folded(as_text(file, *image));
}

// After many files the bad ones are said again, where they are seen.
std::string summary(const Tally& tally) {
  std::string text = "\n" + counted(tally.files(), "file") + ": " + grouped(tally.sound) + " sound, " +
                     grouped(tally.not_sound.size()) + " not sound, " + grouped(tally.unreadable) + " unreadable\n";
  for (const std::string& each : tally.not_sound) text += "NOT SOUND  " + each + "\n";
  return text;
}

ExitStatus inspect(const InspectOptions& options) {
  Tally tally;
  for (const std::string& file : files_of(options, tally)) {
    if (!inspect_file(file, options.json, tally)) return ExitStatus::cannot_create;
  }
  if (!options.json && tally.files() > 1 && !print_folded(summary(tally))) return ExitStatus::cannot_create;
  if (tally.unreadable > 0) return ExitStatus::input_missing;
  return tally.not_sound.empty() ? ExitStatus::passed : ExitStatus::not_passed;
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<InspectOptions>();
  arguments.add("files", options->files, "Images, and folders of them (without hidden files and linked folders)")
      .required()
      .type("FILE");
  arguments.flag("--json", options->json, "JSON Lines on standard output");
  return action(options, inspect);
}

const Registered command({.place = 40,
                          .words = "inspect",
                          .what = "Say what images are and whether they are sound",
                          .example = "flashline inspect firmware/",
                          .declare = declare});

}  // namespace

}  // namespace station
