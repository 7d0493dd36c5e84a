// The interface between a pure conversation and the code that carries it out: it asks for one thing at a time and gets
// what came back, and when. Survey, session, entering DFU and proof of boot are conversations; the engine and the tests
// drive them alike.
//
// A conversation has `Ask begin(Duration now)` and `Ask answer(const Answer&, Duration now)`, and is done when it asks
// for nothing (`Finished`). `now` is any monotonic time; limits are measured with it.
#pragma once

#include <variant>

#include "dfu/bus.h"

namespace dfu {

struct Submit {
  Transfer transfer;
};
// Time asked for; answered with Paused when it is over.
struct Pause {
  Duration duration;
};
// A USB port reset of the unit; answered with ResetStatus.
struct Reset {};
struct Finished {};

using Ask = std::variant<Finished, Submit, Pause, Reset>;

struct Paused {};
using Answer = std::variant<Paused, TransferResult, ResetStatus>;

}  // namespace dfu
