// What Reader::outlines must give for an attempt that is known whole.
#pragma once

#include "db/reader.h"

namespace sample {

inline db::Outline outline_of(const db::Attempt& one) {
  const db::AttemptFinished& end = one.finished;
  db::Outline outline{one.started.attempt, one.visit.visit, one.started.at, end.at, end.outcome, end.unit};
  outline.station = one.station;
  outline.port = one.visit.port;
  outline.slot = one.visit.slot;
  outline.recipe = one.started.recipe;
  outline.job = one.started.job;
  outline.lot = one.started.lot;
  outline.operator_name = one.started.operator_name;
  return outline;
}

}  // namespace sample
