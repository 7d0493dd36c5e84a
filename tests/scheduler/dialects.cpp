#include "tests/scheduler/dialects.h"

#include "dfu/particle/build.h"
#include "dfu/virtual/boards.h"
#include "dfu/virtual/plain_dfu.h"

namespace scheduler::dialects {

namespace {

using dfu::particle::Function;
using dfu::particle::Platform;
using dfu::virt::UnitSpec;

std::shared_ptr<config::Recipe> recipe_of(const std::string& profile, std::vector<dfu::Step> steps) {
  auto recipe = std::make_shared<config::Recipe>();
  recipe->name = profile;
  recipe->profile = *dfu::find_profile(profile);
  for (dfu::Step& step : steps) {
    if (const auto& module = step.image->facts.module) step.header_offset = module->header_offset;
    // As recipes have it by default; Particle's slots belong to their steps as a whole.
    const bool slots = recipe->profile.platform || recipe->profile.dialect == dfu::Dialect::dfu11;
    if (!slots) step.neighbours = dfu::Step::Neighbours::keep;
  }
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  return recipe;
}

constexpr std::uint16_t old_version = 2, new_version = 3;

void place(dfu::virt::Flash& flash, const config::Recipe& recipe) {
  for (const dfu::Step& step : recipe.layout.steps) flash.place(step.address, step.image->payload());
}

// A board that boots by modules, the user part last. Its factory image is another build of the recipe's version: no
// version number tells them apart.
Dialect particle(const std::string& name, Platform platform, UnitSpec unit, const std::vector<Part>& parts,
                 std::uint16_t version = new_version) {
  auto recipe = module_recipe(unit.profile, platform, parts, version);
  auto old = module_recipe(unit.profile, platform, parts, old_version);
  auto other_build = module_recipe(unit.profile, platform, parts, version, version + 1u);
  const std::uint32_t factory = dfu::virt::find_board(unit.profile)->factory;
  return {name, unit, recipe, [old, other_build, factory](dfu::virt::Flash& flash) {
            place(flash, *old);
            if (factory != 0) flash.place(factory, other_build->layout.steps.back().image->payload());
          }};
}

// Small, yet each module has more than one block, the last one is not full, and one needs padding.
std::vector<Part> photon_parts() {
  return {{Function::system_part, 1, 0x08020000, 9000},
          {Function::system_part, 2, 0x08060000, 6002, Need{Function::system_part, 1}},
          {Function::user_part, 1, 0x080A0000, 4200, Need{Function::system_part, 2}}};
}

Dialect photon(int generation) {
  return particle("photon-" + std::to_string(generation), Platform::photon, {.generation = generation}, photon_parts());
}

Dialect p1() {
  return particle("p1", Platform::p1, {.profile = "p1", .generation = 8}, photon_parts());
}

Dialect electron() {
  return particle("electron", Platform::electron, {.profile = "electron", .generation = 8},
                  {{Function::system_part, 1, 0x08020000, 9000},
                   {Function::system_part, 2, 0x08040000, 6002, Need{Function::system_part, 1}},
                   {Function::system_part, 3, 0x08060000, 5000},
                   {Function::user_part, 1, 0x08080000, 4200, Need{Function::system_part, 2}}});
}

Dialect core() {
  return particle("core", Platform::core, {.profile = "core"}, {{Function::monolithic, 0, 0x08005000, 6002}});
}

// ST's ROM jumps to the program and is gone from USB for good: there is nothing to wait for.
Dialect stm32_rom() {
  constexpr std::uint32_t base = 0x08000000;
  auto recipe = raw_recipe("stm32-rom", program(base, 20002), base);
  recipe->policy.confirm = config::Confirm::none;
  return {"stm32-rom", {.profile = "stm32-rom"}, recipe, [](dfu::virt::Flash& flash) {
            flash.place(base, program(base, 30000, 5)->payload());
          }};
}

// What cannot be read back after manifestation must be waived (docs/recipe-file.md, "[policy]").
Dialect dfu11(bool tolerant, bool upload, bool detaches) {
  auto recipe = raw_recipe("dfu11", program(0, 6002), 0);
  if (!tolerant || !upload) recipe->policy.verify = config::Verify::none;
  const std::string name =
      std::string("dfu11") + (tolerant ? " tolerant" : "") + (upload ? " upload" : "") + (detaches ? " detach" : "");
  return {name,
          {.profile = "dfu11", .can_upload = upload, .manifestation_tolerant = tolerant, .will_detach = detaches},
          recipe,
          [](dfu::virt::Flash& flash) { dfu::virt::plain_install(flash, program(0, 9000, 5)->payload()); }};
}

}  // namespace

std::vector<Dialect> all() {
  std::vector<Dialect> out;
  for (const int generation : dfu::virt::generation_numbers()) out.push_back(photon(generation));
  for (auto make : {p1, electron, core, stm32_rom}) out.push_back(make());
  for (const bool tolerant : {true, false}) {
    for (const bool upload : {true, false}) {
      for (const bool detaches : {true, false}) out.push_back(dfu11(tolerant, upload, detaches));
    }
  }
  return out;
}

std::vector<Dialect> systems() {
  std::vector<Dialect> out;
  // 0.6.1, 0.7.0, 1.0.1, 1.1.0 and 2.2.0: raw requests, raw with modules, the request protocol with JSON, with
  // protobuf.
  for (const std::uint16_t system : {105, 207, 1002, 1102, 2202}) {
    out.push_back(particle("photon-12 system " + std::to_string(system), Platform::photon, {.generation = 12},
                           photon_parts(), system));
  }
  return out;
}

namespace {

// The same unit, with one step's contents replaced, forced.
Dialect forced(const Dialect& dialect, const std::string& why, std::size_t step, dfu::Bytes file) {
  Dialect out = dialect;
  std::vector<dfu::Step> steps = dialect.recipe->layout.steps;
  steps[step].image = dfu::make_image(why + ".bin", std::move(file));
  steps[step].header_offset = 0;
  out.name += ", " + why;
  out.recipe = recipe_of(dialect.unit.profile, std::move(steps));
  std::const_pointer_cast<config::Recipe>(out.recipe)->forced = true;
  out.fits = false;
  return out;
}

dfu::Bytes file_of(const Dialect& dialect, std::size_t step) {
  const dfu::ByteView file = dialect.recipe->layout.steps[step].image->payload();
  return {file.begin(), file.end()};
}

dfu::Bytes damaged(dfu::Bytes file) {
  file[file.size() / 2] ^= 1;
  return file;
}

dfu::Bytes needs_a_newer_system(const Dialect& dialect, Platform platform) {
  const dfu::Step& user = dialect.recipe->layout.steps.back();
  return dfu::particle::build_module({.platform = platform,
                                      .version = new_version,
                                      .start = user.address,
                                      .file_size = user.size(),
                                      .dependencies = {{Function::system_part, 2, 9}}});
}

// A Core's program, as the board that this project began with was given.
dfu::Bytes core_program() {
  return dfu::particle::build_module({.platform = Platform::core,
                                      .function = Function::monolithic,
                                      .index = 0,
                                      .start = 0x08005000,
                                      .file_size = 6000});
}

Dialect with_damaged_factory_image(Dialect dialect) {
  const std::uint32_t inside = dfu::virt::find_board(dialect.unit.profile)->factory + 0x800;
  dialect.wear = [wear = dialect.wear, inside](dfu::virt::Flash& flash) {
    wear(flash);
    flash.place(inside, dfu::Bytes{static_cast<std::uint8_t>(flash.at(inside) ^ 1)});
  };
  return dialect;
}

void add_unfit(const Dialect& dialect, Platform platform, std::vector<Dialect>& out) {
  const std::size_t part2 = 1, user = dialect.recipe->layout.steps.size() - 1;
  out.push_back(forced(dialect, "a Core's program", user, core_program()));
  out.push_back(with_damaged_factory_image(forced(dialect, "and a bad factory image", user, core_program())));
  out.push_back(forced(dialect, "unmet need", user, needs_a_newer_system(dialect, platform)));
  out.push_back(forced(dialect, "damaged user part", user, damaged(file_of(dialect, user))));
  out.push_back(forced(dialect, "damaged system", part2, damaged(file_of(dialect, part2))));
}

}  // namespace

std::vector<Dialect> unfit() {
  std::vector<Dialect> out;
  for (const int generation : {3, 7, 12}) add_unfit(photon(generation), Platform::photon, out);
  add_unfit(p1(), Platform::p1, out);
  add_unfit(electron(), Platform::electron, out);
  return out;
}

Dialect with_proof(Dialect dialect, config::Confirm proof) {
  auto recipe = std::make_shared<config::Recipe>(*dialect.recipe);
  recipe->policy.confirm = proof;
  dialect.recipe = std::move(recipe);
  return dialect;
}

std::vector<config::Confirm> proofs_of(const Dialect& dialect) {
  using config::Confirm;
  const config::Recipe& recipe = *dialect.recipe;
  // A recipe that waives the reading back as well would let a unit pass that shows nothing.
  std::vector<Confirm> proofs;
  if (recipe.policy.verify != config::Verify::none) proofs.push_back(Confirm::none);
  if (!recipe.profile.application) return proofs;
  proofs.push_back(Confirm::application);
  if (!recipe.profile.platform) return proofs;
  proofs.push_back(Confirm::reread);
  proofs.push_back(Confirm::modules);
  return proofs;
}

dfu::virt::LineSpec line_of(const UnitSpec& unit, int units) {
  dfu::virt::LineSpec line = dfu::virt::photon_line(units, 3);
  for (UnitSpec& one : line.units) {
    const dfu::PortPath port = one.port;
    one = unit;
    one.port = port;
  }
  return line;
}

std::shared_ptr<const dfu::Image> program(std::uint32_t base, std::uint32_t size, std::uint8_t seed) {
  dfu::Bytes bytes;
  dfu::append_le32(bytes, 0x20010000);
  dfu::append_le32(bytes, base + 0x201);
  while (bytes.size() < size) bytes.push_back(static_cast<std::uint8_t>(bytes.size() * seed + (bytes.size() >> 8)));
  return dfu::make_image("program.bin", bytes);
}

std::shared_ptr<config::Recipe> raw_recipe(const std::string& profile, std::shared_ptr<const dfu::Image> image,
                                           std::uint32_t base) {
  return recipe_of(profile, {{"firmware", std::move(image), base, {}}});
}

std::shared_ptr<config::Recipe> module_recipe(const std::string& profile, Platform platform,
                                              const std::vector<Part>& parts, std::uint16_t version,
                                              std::optional<std::uint32_t> seed) {
  std::vector<dfu::Step> steps;
  for (const Part& part : parts) {
    dfu::particle::ModuleSpec spec{.platform = platform,
                                   .function = part.function,
                                   .index = part.index,
                                   .version = version,
                                   .start = part.start,
                                   .file_size = part.size,
                                   .dependencies = {},
                                   .seed = seed.value_or(version)};
    if (part.needs) spec.dependencies.push_back({part.needs->function, part.needs->index, version});
    const std::string name = std::string(to_string(part.function)) + std::to_string(part.index);
    steps.push_back({name, dfu::make_image(name + ".bin", dfu::particle::build_module(spec)), part.start, {}});
  }
  return recipe_of(profile, std::move(steps));
}

}  // namespace scheduler::dialects
