// The forecast of what a unit will start with, against the virtual unit's own boot rules, which share no code with it;
// and what judge makes of it. The table of docs/devices.md, "Module versions", "Bootloader updates" on made-up modules.
#include "config/compatibility.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/judge.h"
#include "dfu/virtual/particle_boot.h"
#include "tests/config/support.h"
#include "tests/config/unit_contents.h"

namespace config {
namespace {

using dfu::particle::BootPrediction;
using dfu::particle::Contents;
using dfu::particle::Dependency;
using dfu::particle::Function;
using dfu::particle::Start;
using testing::HasSubstr;

dfu::SurveyResult survey_of(const MadeCase& made) {
  dfu::SurveyResult survey;
  survey.map = *dfu::parse_memory_map(made.recipe.profile.map);
  survey.transfer_size = 4096;
  survey.can_upload = true;
  survey.pieces.assign(made.recipe.layout.pieces.size(), dfu::Holds::other);
  for (const auto& place : dfu::particle::places(*made.recipe.profile.platform)) {
    const dfu::ByteView held = made.before.view({place.address, place.address + dfu::particle::place_bytes});
    survey.heads.emplace_back(held.begin(), held.end());
  }
  return survey;
}

std::string forecast(const MadeCase& made, const std::function<void(Contents&)>& change) {
  Contents contents = *contents_after(made.recipe, survey_of(made));
  if (change) change(contents);
  return std::string(to_string(predict_boot(*made.recipe.profile.platform, contents).start));
}

std::string truth(const MadeCase& made, const std::function<void(dfu::virt::Flash&, const MadeCase&)>& change) {
  dfu::virt::Flash flash = made.after();
  if (change) change(flash, made);
  return std::string(to_string(particle_boot(flash, *made.board).outcome));
}

constexpr int cases = 600;

TEST(Forecast, AgreesWithWhatTheVirtualUnitBoots) {
  MadeCases make(1);
  std::map<std::string, int> seen;
  for (int i = 0; i < cases; ++i) {
    const MadeCase made = make.next();
    const std::string boots = truth(made, {});
    ASSERT_EQ(forecast(made, {}), boots) << "case " << i << " " << made.board->profile;
    ++seen[boots];
  }
  for (const char* each : {"application", "safe-mode", "factory-fallback", "dfu", "reset-loop", "crash"}) {
    EXPECT_GE(seen[each], 10) << each;
  }
}

TEST(Forecast, RefusedIsExactlyWhatDoesNotRunOrLacksWhatItNeeds) {
  MadeCases make(2);
  int refused = 0, untested = 0;
  for (int i = 0; i < cases; ++i) {
    const MadeCase made = make.next();
    const auto judged = judge(made.recipe, survey_of(made));
    const auto* fault = std::get_if<dfu::Fault>(&judged);
    const bool runs = truth(made, {}) == "application";
    if (!runs) {
      ASSERT_TRUE(fault) << i;
    } else if (fault) {
      ASSERT_THAT(fault->text, HasSubstr("would not notice")) << i;
      ++untested;
    }
    refused += fault != nullptr;
    ASSERT_TRUE(!fault || fault->code == dfu::FaultCode::image_unfit);
  }
  EXPECT_GT(refused, cases / 10);
  EXPECT_LT(refused, cases * 9 / 10);
  EXPECT_GT(untested, 0);
}

struct Bug {
  const char* name;
  std::function<void(Contents&)> in_forecast;
  std::function<void(dfu::virt::Flash&, const MadeCase&)> in_device;
};

Dependency* need(std::optional<dfu::particle::Head>& head, std::size_t which) {
  return head && head->needs.size() > which ? &head->needs[which] : nullptr;
}

void forget_header(dfu::virt::Flash& flash, std::uint32_t at) {
  if (at != 0) flash.place(at, dfu::Bytes(dfu::particle::place_bytes, 0xFF));
}

// Bytes of a header that the device finds behind a vector table.
void put16(dfu::virt::Flash& flash, std::uint32_t at, std::uint16_t value) {
  dfu::Bytes bytes;
  dfu::append_le16(bytes, value);
  flash.place(at, bytes);
}

// Wrong rules, seen as what a side that had them would see. Places: 0 bootloader, 1 part 1, 2 part 2, last but one the
// application, last the factory image.
const std::vector<Bug>& bugs() {
  static const std::vector<Bug> all = {
      {"forecast: the second dependency is never read",
       [](Contents& c) {
         for (auto& head : c.heads) {
           if (head && head->needs.size() > 1) head->needs.resize(1);
         }
       },
       {}},
      {"forecast: newer than wanted, not at least",
       [](Contents& c) {
         for (auto& head : c.heads) {
           for (std::size_t i = 0; i < 2; ++i) {
             if (Dependency* one = need(head, i)) ++one->version;
           }
         }
       },
       {}},
      {"forecast: the factory image is overlooked", [](Contents& c) { c.heads.back() = dfu::particle::Head{}; }, {}},
      {"forecast: the platform of the application is not looked at",
       [](Contents& c) {
         auto& user = c.heads[c.heads.size() - 2];
         if (user && user->platform != 0x3C3C && c.heads[0]) user->platform = c.heads[0]->platform;
       },
       {}},
      {"forecast: the bootloader's version is taken for part 1's",
       [](Contents& c) { c.heads[0]->version = c.heads[1] ? c.heads[1]->version : 0; },
       {}},
      {"forecast: the bootloader satisfies everybody", [](Contents& c) { c.heads[0]->version = 0xFFFF; }, {}},
      {"forecast: every system tests everything",
       [](Contents& c) {
         if (c.heads[2]) c.heads[2]->version = std::max<std::uint16_t>(c.heads[2]->version, 200);
       },
       {}},
      {"forecast: no system tests everything",
       [](Contents& c) {
         if (c.heads[2]) c.heads[2]->version = std::min<std::uint16_t>(c.heads[2]->version, 199);
       },
       {}},
      {"forecast: part 1 is always there", [](Contents& c) { c.heads[1].reset(); }, {}},
      {"forecast: an application that is there needs nothing",
       [](Contents& c) {
         if (auto& user = c.heads[c.heads.size() - 2]) user->needs.clear();
       },
       {}},
      {"device: part 2 is not looked at",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { forget_header(flash, made.board->part2); }},
      {"device: part 1 is not looked at",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { forget_header(flash, made.board->part1); }},
      {"device: the factory image is not looked at",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { forget_header(flash, made.board->factory); }},
      {"device: the application is not looked at",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { forget_header(flash, made.board->user); }},
      {"device: the bootloader is not looked at",
       {},
       [](dfu::virt::Flash& flash, const MadeCase&) { forget_header(flash, 0x08000000); }},
      {"device: the checksum of part 1 covers its last byte twice",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { put16(flash, made.board->part1 + 690, 0); }},
      {"device: the checksum of part 2 is little-endian",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { put16(flash, made.board->part2 + 696, 1); }},
      {"device: the checksum of the application is wrong",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { put16(flash, made.board->user + 696, 1); }},
      {"device: the factory image is believed without its checksum",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { put16(flash, made.board->factory + 696, 1); }},
      {"device: the platform of part 1 is read two bytes too early",
       {},
       [](dfu::virt::Flash& flash, const MadeCase& made) { put16(flash, made.board->part1 + 0x184 + 12, 2202); }},
  };
  return all;
}

TEST(Forecast, EachOfTwentySeededBugsIsNoticed) {
  ASSERT_EQ(bugs().size(), 20u);
  for (const Bug& bug : bugs()) {
    MadeCases make(1);
    bool noticed = false;
    for (int i = 0; i < cases && !noticed; ++i) {
      const MadeCase made = make.next();
      noticed = forecast(made, bug.in_forecast) != truth(made, bug.in_device);
    }
    EXPECT_TRUE(noticed) << bug.name;
  }
}

// ---- the table: releases of docs/devices.md, "Module versions", "Bootloader updates"

class Releases : public testing::Test {
 protected:
  struct Unit {
    std::uint16_t bootloader = 7;
    std::optional<std::uint16_t> parts{};
    bool user = false;
  };

  static dfu::particle::ModuleSpec part1(std::uint16_t version) {
    auto spec = system_part(1, version);
    if (version >= 1000) spec.dependencies = {needs_part(2, 207)};
    return spec;
  }
  static dfu::particle::ModuleSpec part2(std::uint16_t version) {
    auto spec = system_part(2, version, {needs_part(1, version)});
    const std::uint16_t boot = version >= 2000 ? 1003 : version >= 1500 ? 400 : 101;
    if (version >= 207) spec.dependencies.push_back({Function::bootloader, 0, boot});
    return spec;
  }

  static Recipe recipe_of(std::vector<dfu::particle::ModuleSpec> specs) {
    Recipe recipe;
    recipe.profile = *dfu::find_profile("photon");
    std::vector<dfu::Step> steps;
    for (const auto& spec : specs) {
      const std::string name = (spec.function == Function::user_part ? "user" : "part") + std::to_string(spec.index);
      steps.push_back({name, dfu::make_image(name, build_module(spec)), spec.start, {}});
    }
    recipe.layout = std::get<dfu::Layout>(lay_out(std::move(steps), *dfu::parse_memory_map(recipe.profile.map)));
    return recipe;
  }

  static dfu::SurveyResult survey_of(const Recipe& recipe, const Unit& unit) {
    MadeCase made{dfu::virt::find_board("photon"), dfu::virt::Flash(), recipe};
    made.before.place(0x08000000, dfu::virt::synthetic_bootloader(unit.bootloader));
    if (unit.parts) {
      made.before.place(0x08020000, build_module(part1(*unit.parts)));
      made.before.place(0x08060000, build_module(part2(*unit.parts)));
    }
    if (unit.user) made.before.place(0x080A0000, build_module(user_part({needs_part(2, 1)})));
    return config::survey_of(made);
  }

  static std::string refusal(const Recipe& recipe, const Unit& unit) {
    const auto judged = judge(recipe, survey_of(recipe, unit));
    const auto* fault = std::get_if<dfu::Fault>(&judged);
    EXPECT_TRUE(!fault || fault->code == dfu::FaultCode::image_unfit);
    return fault ? fault->text : "(taken)";
  }

  static Recipe release(std::uint16_t version) {
    return recipe_of({part1(version), part2(version), user_part({needs_part(2, 1)})});
  }
};

TEST_F(Releases, PartsBeforeZeroSevenGoOnAnyBootloader) {
  for (const std::uint16_t version : {1, 3, 5, 6, 11, 13, 17, 21, 102, 109}) {
    EXPECT_EQ(refusal(release(version), {.bootloader = 2}), "(taken)") << version;
  }
}

TEST_F(Releases, ZeroSevenPartsOnAnOldBootloaderAreRefusedWithBothVersions) {
  EXPECT_THAT(refusal(release(207), {.bootloader = 7}),
              HasSubstr("safe mode: system-part 2 version 207 (step \"part2\") needs bootloader version 101 or later, "
                        "and the unit holds version 7"));
  EXPECT_EQ(refusal(release(207), {.bootloader = 101}), "(taken)");
  EXPECT_EQ(refusal(release(207), {.bootloader = 1006}), "(taken)");
}

TEST_F(Releases, EachLaterReleaseNeedsItsOwnBootloader) {
  for (const auto& [version, needed] : {std::pair{207, 101}, {1002, 101}, {1512, 400}, {2011, 1003}, {2302, 1003}}) {
    const auto release_version = static_cast<std::uint16_t>(version);
    EXPECT_EQ(refusal(release(release_version), {.bootloader = static_cast<std::uint16_t>(needed)}), "(taken)");
    EXPECT_THAT(refusal(release(release_version), {.bootloader = static_cast<std::uint16_t>(needed - 1)}),
                HasSubstr("needs bootloader version " + std::to_string(needed)));
  }
}

TEST_F(Releases, CircleOfDependenciesIsTakenWhateverTheOrder) {
  const auto user = user_part({needs_part(2, 207)});
  EXPECT_EQ(refusal(recipe_of({part1(2202), part2(2202), user}), {.bootloader = 1006}), "(taken)");
  EXPECT_EQ(refusal(recipe_of({user, part2(2202), part1(2202)}), {.bootloader = 1006}), "(taken)");
}

TEST_F(Releases, ApplicationAloneIsJudgedAgainstThePartsOfTheUnit) {
  const Recipe alone = recipe_of({user_part({needs_part(2, 6)})});
  EXPECT_EQ(refusal(alone, {.parts = 6}), "(taken)");
  EXPECT_THAT(refusal(alone, {.parts = 3}),
              HasSubstr("user-part 1 version 2 (step \"user1\") needs system-part 2 version 6 or later, and the unit "
                        "holds version 3"));
  EXPECT_THAT(refusal(alone, {}), HasSubstr("would stay in DFU mode: system-part 1 is missing"));
}

TEST_F(Releases, PartsAloneAreJudgedWithTheApplicationThatIsThere) {
  EXPECT_EQ(refusal(recipe_of({part1(3), part2(3)}), {.user = true}), "(taken)");
  EXPECT_THAT(refusal(recipe_of({part1(3), part2(3)}), {}), HasSubstr("safe mode: the place of the application"));
  EXPECT_THAT(refusal(recipe_of({part2(3)}), {.parts = 1, .user = true}),
              HasSubstr("would not notice, and could crash: system-part 2 version 3 (step \"part2\") needs "
                        "system-part 1 version 3"));
}

TEST_F(Releases, RecipeThatAsksForNoProofMayLeaveAUnitWithoutApplicationButNotInPieces) {
  Recipe parts = recipe_of({part1(207), part2(207)});
  parts.policy.confirm = Confirm::none;
  EXPECT_EQ(refusal(parts, {.bootloader = 101}), "(taken)");
  EXPECT_THAT(refusal(parts, {.bootloader = 7}), HasSubstr("needs bootloader"));
}

TEST_F(Releases, OlderPartThanTheUnitsIsRefusedUnlessAllowed) {
  Recipe old = release(3);
  EXPECT_THAT(refusal(old, {.bootloader = 1006, .parts = 2202}),
              HasSubstr("holds system-part 1 version 2202, and the recipe would put the older version 3 there"));
  old.policy.downgrade = Downgrade::allow;
  EXPECT_EQ(refusal(old, {.bootloader = 1006, .parts = 2202}), "(taken)");
  EXPECT_EQ(refusal(release(2202), {.bootloader = 1006, .parts = 2202}), "(taken)") << "the same is not older";
}

TEST_F(Releases, OddBootloaderOfAnEarlyUnitIsNotHeldAgainstIt) {
  const Recipe recipe = release(207);
  dfu::SurveyResult survey = survey_of(recipe, {.bootloader = 101});
  survey.heads[0].assign(dfu::particle::place_bytes, 0x00);
  EXPECT_TRUE(std::holds_alternative<dfu::Plan>(judge(recipe, survey)));
}

TEST_F(Releases, UnitThatNobodyReadIsNotJudgedByWhatItHolds) {
  const Recipe recipe = release(207);
  dfu::SurveyResult survey = survey_of(recipe, {.bootloader = 7});
  survey.heads.clear();
  EXPECT_TRUE(std::holds_alternative<dfu::Plan>(judge(recipe, survey)));
}

}  // namespace
}  // namespace config
