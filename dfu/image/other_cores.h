// Programs of processors that have no vector table of addresses: AVR is recognised by its table of jumps, RISC-V by the
// beginnings and ends of its functions. Pure; any thread; any bytes are safe input.
#pragma once

#include "dfu/bytes.h"

namespace dfu {

// Its first instructions all jump into the file.
bool is_avr_program(ByteView file);
// It begins with an instruction that a start does, and has functions throughout. Programs without functions, or of a
// few hundred bytes, are not recognised.
bool is_risc_v_program(ByteView file);

}  // namespace dfu
