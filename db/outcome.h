// What an outcome says about its unit. Pure; any thread.
#pragma once

#include "db/values.h"

namespace db {

// The unit holds what the recipe asks for: it was written and proved now, or it was there already.
inline bool is_good(Outcome outcome) {
  return outcome == Outcome::passed || outcome == Outcome::already;
}

}  // namespace db
