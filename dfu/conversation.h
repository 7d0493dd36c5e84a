// How a pure conversation talks with whoever carries it out: it asks for one thing at a time and is told what came
// back. Survey, session, entering DFU and proof of boot are conversations; the engine and the tests drive them alike.
//
// A conversation has `Ask begin()` and `Ask answer(const Answer&)`, and is done when it asks for nothing (`Finished`).
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
struct Finished {};

using Ask = std::variant<Finished, Submit, Pause>;

struct Paused {};
using Answer = std::variant<Paused, TransferResult>;

}  // namespace dfu
