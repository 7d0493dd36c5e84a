// Every key of a report about one attempt, with what it means: the one table from which CSV and XLSX take their columns
// and `report --fields` its text, so that neither can drift. Names follow OpenHTF's test record and IPC-2591 (CFX)
// where those have one. Pure; any thread.
#pragma once

#include <ostream>
#include <span>

namespace reports {

struct Field {
  const char* name;     // as in CSV; in JSON a dot is a level
  const char* kind;     // text, time, integer, number, truth, texts
  const char* unit;     // seconds, bytes...; empty: none
  const char* meaning;  // one sentence
  const char* openhtf;  // of the test record; empty: it has none
  const char* cfx;      // message and property of IPC-2591
};

// Of the attempt; then of one step, without "step.N.".
std::span<const Field> attempt_fields();
std::span<const Field> step_fields();
// Of what happened beside the attempts.
std::span<const Field> event_fields();
std::span<const Field> disposition_fields();
std::span<const Field> run_fields();

void write_fields(std::ostream& out);
void write_fields_json(std::ostream& out);

}  // namespace reports
