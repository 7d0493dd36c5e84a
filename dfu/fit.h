// Whether a unit is of the kind that a profile describes, in which mode it is, and what of it does not fit: the one
// judgement that `list`, `flash`, `run` and `doctor` share. By its descriptors alone; opens nothing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "dfu/bus.h"
#include "dfu/profile.h"

namespace dfu {

enum class Fit {
  ready,             // in DFU mode, as the profile describes it
  can_enter,         // runs its firmware; the station can bring it into DFU mode
  by_hand,           // runs its firmware; only a person can
  no_interface,      // the rest are in DFU mode: it has no DFU interface of the number that the profile names
  which_interface,   // it has several, and the profile names none
  no_alternate,      // it has no alternate setting of the number that the profile names
  no_transfer_size,  // its descriptors name none, and neither does the recipe
  other,             // not of this kind
};
std::string_view to_string(Fit fit);  // "which-interface"

Fit fit(const UnitInfo& unit, const Profile& profile);
// What does not fit, in a sentence without its subject: "has no alternate setting 1, only 0". Empty for `ready` and
// `other`.
std::string unfit_because(const UnitInfo& unit, const Profile& profile);
// What to do about it; empty likewise. It never asks for DFU mode if the unit is in DFU mode already.
std::string unfit_remedy(const UnitInfo& unit, const Profile& profile);

// The setting is one of DFU mode. Protocol 1 is run time; devices that are known to show it in DFU mode too are taken
// at their id (docs/devices.md, "dfu-util 0.11", "Clones of ST's ROM").
bool is_dfu_mode(const AltSetting& setting, UsbId id);

// The unit is in DFU mode on some alternate setting of the profile's id, usable or not.
bool in_dfu_mode(const UnitInfo& unit, const Profile& profile);
// It is not in DFU mode, and the station can bring it there.
bool can_enter_dfu(const UnitInfo& unit, const Profile& profile);

// `profile` with the number of the unit's own DFU interface, for the conversation with that unit.
Profile for_unit(Profile profile, const UnitInfo& unit);
// wTransferSize, or what the recipe says where the unit says none.
std::uint16_t transfer_size_of(const UnitInfo& unit, const Profile& profile);
bool names_transfer_size(const UnitInfo& unit);

}  // namespace dfu
