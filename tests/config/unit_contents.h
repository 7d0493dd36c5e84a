// Made-up units and recipes for them, by the hundred and always the same: what lies at each place of a unit, and which
// modules a recipe puts over it. Versions are mostly those of one release, and sometimes anything.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "config/recipe.h"
#include "dfu/particle/build.h"
#include "dfu/virtual/boards.h"
#include "dfu/virtual/flash.h"

namespace config {

struct MadeCase {
  const dfu::virt::ParticleBoard* board = nullptr;
  dfu::virt::Flash before;
  Recipe recipe;

  // As the unit is afterwards, whatever wrote it.
  dfu::virt::Flash after() const {
    dfu::virt::Flash flash = before;
    for (const dfu::Step& step : recipe.layout.steps) {
      for (const dfu::Sector& sector : dfu::parse_memory_map(recipe.profile.map)->covering(step.range())) {
        flash.erase(sector.range);
      }
      flash.place(step.address, step.image->payload());
    }
    return flash;
  }
};

class MadeCases {
 public:
  explicit MadeCases(unsigned seed) : random_(seed) {}

  MadeCase next() {
    using dfu::particle::Function;
    const char* names[] = {"photon", "photon", "p1", "electron"};
    MadeCase made{dfu::virt::find_board(names[random_() % 4]), dfu::virt::Flash(), {}};
    board_ = made.board;
    made.recipe.name = "made";
    made.recipe.profile = *dfu::find_profile(board_->profile);
    release_ = pick({3, 3, 21, 107, 207, 207, 1002, 2202});
    made.before.place(0x08000000, bootloader());
    std::vector<dfu::Step> steps;
    for (const Spot& spot : spots()) {
      if (chance(75)) made.before.place(spot.address, anything(spot));
      if (spot.address == board_->factory || !chance(45)) continue;
      const dfu::Bytes file = module(spot, version(), true);
      steps.push_back({spot.name, dfu::make_image(spot.name, file), spot.address, {}});
    }
    if (steps.empty()) {
      const Spot user{"user", Function::user_part, 1, board_->user};
      steps.push_back({user.name, dfu::make_image(user.name, module(user, 4, true)), user.address, {}});
    }
    made.recipe.layout =
        std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(made.recipe.profile.map)));
    made.recipe.policy.downgrade = Downgrade::allow;
    return made;
  }

 private:
  struct Spot {
    std::string name;
    dfu::particle::Function function;
    std::uint8_t index;
    std::uint32_t address;
  };

  std::vector<Spot> spots() const {
    using dfu::particle::Function;
    std::vector<Spot> all = {{"part1", Function::system_part, 1, board_->part1},
                             {"part2", Function::system_part, 2, board_->part2}};
    if (board_->part3) all.push_back({"part3", Function::system_part, 3, board_->part3});
    all.push_back({"user", Function::user_part, 1, board_->user});
    all.push_back({"factory", Function::user_part, 1, board_->factory});
    return all;
  }

  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::uint16_t pick(std::vector<std::uint16_t> from) { return from[random_() % from.size()]; }
  std::uint16_t version() { return chance(80) ? release_ : pick({1, 3, 6, 107, 199, 200, 204, 207, 2202}); }

  dfu::Bytes bootloader() {
    dfu::particle::ModuleSpec spec;
    spec.platform = static_cast<dfu::particle::Platform>(board_->platform);
    spec.function = dfu::particle::Function::bootloader;
    spec.index = 0;
    spec.version = pick({2, 7, 11, 100, 101, 201, 1006, 1006});
    spec.start = 0x08000000;
    spec.file_size = 700;
    return build_module(spec);
  }

  std::vector<dfu::particle::Dependency> needs_of(const Spot& spot, std::uint16_t version) {
    using dfu::particle::Dependency;
    using dfu::particle::Function;
    std::vector<Dependency> needs;
    if (spot.function == Function::user_part) {
      needs.push_back({Function::system_part, 2, chance(80) ? std::uint16_t{1} : pick({3, 4, 108, 207, 2203})});
      if (chance(20)) needs.push_back({Function::system_part, 1, pick({1, 3, 207, 2203})});
    } else if (spot.index == 2) {
      needs.push_back({Function::system_part, 1, chance(85) ? version : pick({1, 2203})});
      if (version >= 207 || chance(10)) needs.push_back({Function::bootloader, 0, pick({11, 101, 101, 201})});
    } else if (version >= 1000 && chance(70)) {
      needs.push_back({Function::system_part, 2, pick({207, 207, 2203})});
    }
    if (chance(3)) needs = {{static_cast<Function>(4 + random_() % 4), 3, 1}};
    return needs;
  }

  dfu::Bytes module(const Spot& spot, std::uint16_t version, bool for_this_unit) {
    dfu::particle::ModuleSpec spec;
    spec.platform = static_cast<dfu::particle::Platform>(board_->platform);
    if (!for_this_unit) {
      spec.platform = board_->platform == 6 ? dfu::particle::Platform::p1 : dfu::particle::Platform::photon;
    }
    spec.function = spot.function;
    spec.index = spot.index;
    spec.version = version;
    spec.start = spot.address == board_->factory ? board_->user : spot.address;
    spec.file_size = 700;
    spec.dependencies = needs_of(spot, version);
    spec.seed = random_();
    return build_module(spec);
  }

  // What a unit may hold there, not all of it good.
  dfu::Bytes anything(const Spot& spot) {
    const unsigned kind = random_() % 20;
    if (kind == 0) return module(spot, version(), false);
    if (kind == 1) return dfu::Bytes(700, 0x3C);
    dfu::Bytes file = module(spot, version(), true);
    if (kind == 2) {  // as a Core image is: a stack pointer, and no header where this unit looks for one
      file.assign(700, 0x11);
      for (const auto& [at, byte] : {std::pair{0, 0x00}, {1, 0x50}, {2, 0x00}, {3, 0x20}}) file[at] = byte;
    }
    return file;
  }

  std::mt19937 random_;
  const dfu::virt::ParticleBoard* board_ = nullptr;
  std::uint16_t release_ = 3;
};

}  // namespace config
