#include <algorithm>
#include <cassert>

#include "dfu/virtual/line_impl.h"

namespace dfu::virt {

// Behind a single-TT hub all transfers wait for one another's time on the wire (docs/devices.md, "Transaction
// translators"); the units' own work does not count. Not modelled: what a unit that answers NAK during an erase costs
// its neighbours.
Duration VirtualLine::Impl::reserve_wire(Port& port, Duration from, Duration length) {
  if (port.hub->info.tt != TransactionTranslator::single) return from;
  Translator& translator = port.hub->translator;
  const std::lock_guard lock(translator.mutex);
  const Duration begin = std::max(from, translator.free);
  translator.free = begin + length;
  return begin;
}

void VirtualLine::Impl::fly(Port& port, Transfer transfer, std::function<void(TransferResult)> done) {
  assert(port.flight.number == 0);
  const Duration now = clock.now();
  const std::uint64_t number = ++port.flights;
  port.flight = {number, now, std::move(transfer), std::move(done)};
  if (!port.reachable) {  // it has gone, and nobody has said so yet
    at(now + transfer_time(0), [&port, number, presence = port.presence](Impl& self) {
      self.land(port, number, presence, {}, {TransferStatus::io_error, {}});
    });
  } else if (port.busy_until <= now) {
    begin(port);
  } else {
    // It still works on something whose answer nobody waited for. A request that is given up by then never reaches it.
    const Duration timeout = port.flight.transfer.timeout;
    const bool in_time = timeout == Duration{} || port.busy_until < now + timeout;
    at(in_time ? port.busy_until : now + timeout, [&port, number, in_time](Impl& self) {
      std::unique_lock lock(port.mutex);
      if (port.flight.number != number) return;
      if (in_time) return self.begin(port);
      const auto presence = port.presence;
      lock.unlock();
      self.land(port, number, presence, {}, {TransferStatus::timed_out, {}});
    });
  }
}

// A host's timer wakes late, which no unit would: the next transfer begins where it would have without that, and only
// what the host itself takes between two transfers counts.
void VirtualLine::Impl::begin(Port& port) {
  const Duration now = clock.now() - std::exchange(port.lag, Duration{});
  Flight& flight = port.flight;
  const Transfer& asked = flight.transfer;
  port.unit.up_for(now - port.announced);
  Reaction reaction = asked.endpoint == 0 ? port.unit.control(asked.setup, asked.data)
                                          : port.unit.bulk(asked.endpoint, asked.data, asked.setup.length);
  port.begun = reserve_wire(port, now, reaction.occupies);
  const Duration end = port.begun + reaction.takes;
  if (reaction.answered) port.busy_until = end + reaction.works_on;
  const Duration timeout = flight.transfer.timeout;
  const Duration limit = timeout == Duration{} ? Duration::max() : flight.submitted + timeout;
  if (!reaction.answered || end > limit) {
    if (limit != Duration::max()) {
      at(limit, [&port, number = flight.number, presence = port.presence](Impl& self) {
        self.land(port, number, presence, {}, {TransferStatus::timed_out, {}});
      });
    }
    if (!reaction.answered || !reaction.departure) return;
  }
  at(end, [&port, end, number = flight.number, presence = port.presence, departure = reaction.departure,
           result = TransferResult{reaction.status, std::move(reaction.data)}](Impl& self) {
    {
      const std::lock_guard relock(port.mutex);
      port.lag = self.clock.now() - end;
    }
    self.land(port, number, presence, departure, result);
  });
}

// The end of a transfer on the wire: its answer if it is still waited for, and what becomes of the unit.
void VirtualLine::Impl::land(Port& port, std::uint64_t number, std::uint64_t presence,
                             std::optional<Departure> departure, TransferResult result) {
  std::function<void(TransferResult)> done;
  {
    const std::lock_guard lock(port.mutex);
    if (port.flight.number == number) {
      port.flight.number = 0;
      done = std::move(port.flight.done);
    }
    if (departure && port.presence == presence) {
      if (departure->after == Duration{}) {
        depart(port, *departure);
      } else {
        at(clock.now() + departure->after, [&port, presence, later = *departure](Impl& self) {
          const std::lock_guard relock(port.mutex);
          if (port.presence == presence) self.depart(port, later);
        });
      }
    }
  }
  if (done) done(std::move(result));
}

void VirtualLine::Impl::end_flight(Port& port, TransferStatus status) {
  if (port.flight.number == 0) return;
  port.flight.number = 0;
  soon([done = std::move(port.flight.done), status](Impl&) { done({status, {}}); });
}

}  // namespace dfu::virt
