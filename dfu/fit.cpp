#include "dfu/fit.h"

#include <algorithm>
#include <set>
#include <vector>

#include "dfu/detach.h"

namespace dfu {

namespace {

constexpr std::uint8_t run_time_protocol = 1;

// NXP's LPC ROM and GigaDevice's (docs/devices.md, "dfu-util 0.11", "Clones of ST's ROM").
bool claims_run_time(UsbId id) {
  return id == UsbId{0x1FC9, 0x000C} || id == UsbId{0x28E9, 0x0189};
}

std::vector<AltSetting> dfu_settings(const UnitInfo& unit) {
  std::vector<AltSetting> found;
  for (const AltSetting& one : unit.configuration.alternates) {
    if (is_dfu_mode(one, unit.id)) found.push_back(one);
  }
  return found;
}

std::set<int> interfaces_of(const std::vector<AltSetting>& settings) {
  std::set<int> numbers;
  for (const AltSetting& one : settings) numbers.insert(one.interface_number);
  return numbers;
}

// Those that the profile may mean: on the interface that it names, else on any.
std::vector<AltSetting> asked_for(std::vector<AltSetting> settings, const Profile& profile) {
  if (profile.only_interface) {
    std::erase_if(settings, [&](const AltSetting& one) { return one.interface_number != *profile.only_interface; });
  }
  return settings;
}

std::vector<AltSetting> with_alternate(std::vector<AltSetting> settings, std::uint8_t alternate) {
  std::erase_if(settings, [&](const AltSetting& one) { return one.alternate != alternate; });
  return settings;
}

// The profile's own, and those of its memories that it knows by number.
std::vector<std::uint8_t> wanted_alternates(const Profile& profile) {
  std::vector<std::uint8_t> wanted{profile.alternate};
  for (const Profile::Memory& one : profile.memories) {
    if (one.alternate) wanted.push_back(*one.alternate);
  }
  return wanted;
}

// Settings of one interface have all of them.
std::optional<std::uint8_t> missing_alternate(const std::vector<AltSetting>& settings, const Profile& profile) {
  for (const std::uint8_t wanted : wanted_alternates(profile)) {
    if (with_alternate(settings, wanted).empty()) return wanted;
  }
  return {};
}

Fit fit_in_dfu_mode(const UnitInfo& unit, const Profile& profile) {
  const std::vector<AltSetting> settings = asked_for(dfu_settings(unit), profile);
  if (settings.empty()) return Fit::no_interface;
  if (missing_alternate(settings, profile)) return Fit::no_alternate;
  const std::vector<AltSetting> usable = with_alternate(settings, profile.alternate);
  if (interfaces_of(usable).size() > 1) return Fit::which_interface;
  return transfer_size_of(unit, profile) == 0 ? Fit::no_transfer_size : Fit::ready;
}

bool has_entry(const UnitInfo& unit, const Profile& profile) {
  switch (profile.entry) {
    case Entry::none:
      return false;
    case Entry::detach:
      return run_time_interface(unit).has_value();
    case Entry::particle:
      return true;
  }
  return false;
}

std::string listed(const std::set<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

std::string alternates_of(const UnitInfo& unit, const Profile& profile) {
  std::set<int> numbers;
  for (const AltSetting& one : asked_for(dfu_settings(unit), profile)) numbers.insert(one.alternate);
  return listed(numbers);
}

std::string running(const UnitInfo& unit) {
  if (run_time_interface(unit)) return "runs its firmware: its DFU interface has protocol 1, run time";
  return "runs its firmware: it shows no DFU interface";
}

}  // namespace

std::string_view to_string(Fit fit) {
  switch (fit) {
    case Fit::ready:
      return "ready";
    case Fit::can_enter:
      return "can-enter";
    case Fit::by_hand:
      return "by-hand";
    case Fit::no_interface:
      return "no-interface";
    case Fit::which_interface:
      return "which-interface";
    case Fit::no_alternate:
      return "no-alternate";
    case Fit::no_transfer_size:
      return "no-transfer-size";
    case Fit::other:
      return "other";
  }
  return {};
}

bool is_dfu_mode(const AltSetting& setting, UsbId id) {
  return setting.is_dfu() && (setting.protocol != run_time_protocol || claims_run_time(id));
}

bool in_dfu_mode(const UnitInfo& unit, const Profile& profile) {
  if (unit.id != profile.dfu) return false;
  return std::ranges::any_of(unit.configuration.alternates,
                             [&](const AltSetting& one) { return is_dfu_mode(one, unit.id); });
}

bool can_enter_dfu(const UnitInfo& unit, const Profile& profile) {
  return fit(unit, profile) == Fit::can_enter;
}

Fit fit(const UnitInfo& unit, const Profile& profile) {
  if (in_dfu_mode(unit, profile)) return fit_in_dfu_mode(unit, profile);
  const bool runs = unit.id == profile.application.value_or(profile.dfu);
  if (runs) return has_entry(unit, profile) ? Fit::can_enter : Fit::by_hand;
  return unit.id == profile.dfu ? Fit::by_hand : Fit::other;
}

std::string unfit_because(const UnitInfo& unit, const Profile& profile) {
  switch (fit(unit, profile)) {
    case Fit::ready:
    case Fit::other:
      return {};
    case Fit::can_enter:
    case Fit::by_hand:
      return running(unit);
    case Fit::no_interface:
      return "is in DFU mode, but not on interface " + std::to_string(*profile.only_interface) + ": on " +
             listed(interfaces_of(dfu_settings(unit)));
    case Fit::which_interface:
      return "is in DFU mode on several interfaces: " +
             listed(interfaces_of(with_alternate(dfu_settings(unit), profile.alternate)));
    case Fit::no_alternate:
      return "is in DFU mode, but has no alternate setting " +
             std::to_string(*missing_alternate(asked_for(dfu_settings(unit), profile), profile)) + ", only " +
             alternates_of(unit, profile);
    case Fit::no_transfer_size:
      return "is in DFU mode, but its descriptors name no transfer size";
  }
  return {};
}

std::string unfit_remedy(const UnitInfo& unit, const Profile& profile) {
  switch (fit(unit, profile)) {
    case Fit::ready:
    case Fit::other:
      return {};
    case Fit::can_enter:
      return "Set enter_dfu = true in [device], and the station brings it into DFU mode";
    case Fit::by_hand:
      return run_time_interface(unit)
                 ? "If its firmware can enter DFU mode on request, describe the unit in [device] with 'usb', and set "
                   "enter_dfu = true; otherwise put it into DFU mode by its buttons or jumper"
                 : "Put it into DFU mode by its buttons or jumper";
    case Fit::no_interface:
    case Fit::which_interface:
      return "Name the right one in [device]: interface = " +
             std::to_string(*interfaces_of(dfu_settings(unit)).begin());
    case Fit::no_alternate:
      if (profile.dialect == Dialect::dfu11) return "Name one that it has: alt in the step";
      return "Name one that it has, with its map: alt in [device], or in [[device.memory]] and its steps";
    case Fit::no_transfer_size:
      return "Name the size in [device], as the manual of its bootloader gives it: transfer_size = 1024";
  }
  return {};
}

Profile for_unit(Profile profile, const UnitInfo& unit) {
  const auto usable = with_alternate(asked_for(dfu_settings(unit), profile), profile.alternate);
  if (!usable.empty()) profile.interface_number = usable.front().interface_number;
  return profile;
}

std::uint16_t transfer_size_of(const UnitInfo& unit, const Profile& profile) {
  return names_transfer_size(unit) ? unit.configuration.functional->transfer_size : profile.assumed_transfer_size;
}

bool names_transfer_size(const UnitInfo& unit) {
  return unit.configuration.functional && unit.configuration.functional->transfer_size != 0;
}

}  // namespace dfu
