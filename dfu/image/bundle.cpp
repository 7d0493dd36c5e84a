#include "dfu/image/bundle.h"

#include <algorithm>

#include "dfu/image/archive.h"
#include "dfu/image/formats.h"

namespace dfu {
namespace {

using particle::AssetNeed;

constexpr std::string_view asset_folder = "assets/";
// Enough to know the archive again; a release may hold hundreds of files.
constexpr std::size_t most_named = 6;

Packed identify_member(const Member& member) {
  Packed packed{member.name, member.bytes.size()};
  // An archive inside an archive is not opened: nesting could go on without end.
  if (is_zip(member.bytes)) {
    packed.kind = ImageKind::zip;
    return packed;
  }
  ImageFacts facts = identify(member.bytes);
  packed.kind = facts.kind;
  packed.sound = facts.sound;
  packed.module = std::move(facts.module);
  return packed;
}

std::string listed(const std::vector<Packed>& files) {
  std::string text;
  for (std::size_t i = 0; i < std::min(files.size(), most_named); ++i) text += (i ? ", " : "") + files[i].name;
  if (files.size() > most_named) text += " and " + std::to_string(files.size() - most_named) + " more";
  return text;
}

// What the application wants and the archive does not have; empty if nothing is missing.
std::string missing_asset(const particle::Module& application, const std::vector<Member>& members) {
  for (const AssetNeed& need : application.assets) {
    const std::string path = std::string(asset_folder) + need.name;
    const auto found = std::ranges::find(members, path, &Member::name);
    if (found == members.end()) return "lacks the file \"" + need.name + "\", which its application needs";
    if (sha256(found->bytes) != need.sha256) {
      return "has another file \"" + need.name + "\" than the one that its application needs";
    }
  }
  return {};
}

// The one file outside of the folder of assets; nullptr if there is none, or more.
const Packed* application_of(const std::vector<Packed>& files) {
  const Packed* found = nullptr;
  for (const Packed& file : files) {
    if (file.name.starts_with(asset_folder)) continue;
    if (found) return nullptr;
    found = &file;
  }
  return found && found->module && found->module->function == particle::Function::user_part ? found : nullptr;
}

std::string problem_of(const std::vector<Packed>& files, const std::vector<Member>& members) {
  if (files.empty()) return "is a zip archive with nothing in it";
  const Packed* application = application_of(files);
  if (!application) return "is a zip archive; unpack it and flash what is in it: " + listed(files);
  if (!application->sound) return "is a bundle whose application \"" + application->name + "\" is damaged";
  if (std::string missing = missing_asset(*application->module, members); !missing.empty()) {
    return "is a bundle that " + missing;
  }
  return {};
}

}  // namespace

ImageFacts identify_zip(ByteView file) {
  ImageFacts facts;
  facts.kind = ImageKind::zip;
  auto read = read_zip(file);
  if (auto* problem = std::get_if<std::string>(&read)) {
    facts.problem = std::move(*problem);
    return facts;
  }
  const auto& members = std::get<std::vector<Member>>(read);
  for (const Member& member : members) facts.packed.push_back(identify_member(member));
  facts.problem = problem_of(facts.packed, members);
  facts.sound = facts.problem.empty();
  return facts;
}

}  // namespace dfu
