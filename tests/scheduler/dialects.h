// Every kind of virtual unit that there is, each with a small recipe for it: what the sweeps go through.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/recipe.h"
#include "dfu/virtual/flash.h"
#include "dfu/virtual/line_spec.h"

namespace scheduler::dialects {

struct Dialect {
  std::string name;          // "photon-3", "dfu11 tolerant"
  dfu::virt::UnitSpec unit;  // its port is to be filled in
  std::shared_ptr<const config::Recipe> recipe;
  // Makes a unit of it that has been in use: it holds older firmware that runs, and a sound factory image if it has a
  // place for one, which a Photon silently falls back to.
  std::function<void(dfu::virt::Flash&)> wear;
  bool fits = true;  // else the recipe was forced onto a unit that will not run it
};

// Photon of each bootloader generation, P1, Electron, Core, ST's ROM, and plain DFU 1.1 in all its eight variants.
std::vector<Dialect> all();

// Photons that take newer systems, each of which is asked in another way what it runs (docs/devices.md, "Asking a
// running system").
std::vector<Dialect> systems();
// Boards onto which firmware is forced that they will not run: that leads to factory firmware, to safe mode, or
// nowhere.
std::vector<Dialect> unfit();

// The same unit with the recipe under another proof of boot; and the proofs that such a unit can give.
Dialect with_proof(Dialect dialect, config::Confirm proof);
std::vector<config::Confirm> proofs_of(const Dialect& dialect);

// That many units of one kind behind multi-TT hubs of 7 ports, in DFU mode and blank.
dfu::virt::LineSpec line_of(const dfu::virt::UnitSpec& unit, int units);

// A program as a Cortex-M wants it: stack pointer, reset vector, code.
std::shared_ptr<const dfu::Image> program(std::uint32_t base, std::uint32_t size, std::uint8_t seed = 7);
// A recipe of one raw image.
std::shared_ptr<config::Recipe> raw_recipe(const std::string& profile, std::shared_ptr<const dfu::Image> image,
                                           std::uint32_t base);

struct Need {
  dfu::particle::Function function;
  std::uint8_t index;
};

struct Part {
  dfu::particle::Function function;
  std::uint8_t index;
  std::uint32_t start;
  std::uint32_t size;
  std::optional<Need> needs{};  // in the version that the recipe makes
};
// A recipe of modules with made-up contents; of one version with another seed they are another build.
std::shared_ptr<config::Recipe> module_recipe(const std::string& profile, dfu::particle::Platform platform,
                                              const std::vector<Part>& parts, std::uint16_t version = 3,
                                              std::optional<std::uint32_t> seed = {});

}  // namespace scheduler::dialects
