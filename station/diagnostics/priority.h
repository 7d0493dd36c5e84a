// Low priority for work that must not slow the line.
#pragma once

namespace station {

// This thread, and what it starts, gets this niceness, or keeps a higher one that it has: a station that was started
// with `nice -n 15` must not be the one program whose hooks go before it.
void give_way(int niceness);

}  // namespace station
