// The exit status of the program, the one list (docs/formats.md, "Exit status"). All but passed, not_passed,
// records_lost and stopped mean that no unit was touched.
#pragma once

namespace station {

enum class ExitStatus {
  passed = 0,              // every unit passed, or held everything already
  not_passed = 1,          // at least one unit did not; `audit verify` or `inspect` found something
  usage = 64,              // the command line is wrong
  bad_recipe = 65,         // recipe or image
  input_missing = 66,      // a file that was named does not exist or cannot be read
  no_unit = 69,            // no matching unit, or no USB
  internal = 70,           // a mistake of this program
  cannot_create = 73,      // an output file
  records_lost = 74,       // records could not be written
  no_permission = 77,      // to open any unit
  bad_configuration = 78,  // station or line file
  stopped = 130,           // by a signal
};

}  // namespace station
