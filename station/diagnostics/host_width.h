// How many units this computer can work on at once: what the station file's `cap` is when nobody wrote one.
// Any thread; `raise_open_files` once, before other threads are started.
#pragma once

#include <cstdint>

namespace station {

// Files that `units` need open at once.
std::uint64_t files_for(int units);

// `files`: that may be open. `cores`: processors. Measured with libusb on emulated units: a unit takes 25 ms of a core
// in a flash of ten seconds, so that 256 a core leave half of it free; no width beyond that was tried.
int units_at_once(std::uint64_t files, unsigned cores);
int units_at_once();  // on this computer

// The limit that shells set is for old programs that use select(): this one may open what the system lets it.
void raise_open_files();
// A program that is started gets back the limit that we found.
void restore_open_files(int process);

}  // namespace station
