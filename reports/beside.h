// What happened beside the attempts of a report: which events, decisions and runs belong to the attempts that it
// selects. Pure; not for sharing between threads.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "db/line_history.h"
#include "db/reader.h"

namespace reports {

// Takes the attempts of the report first, and is asked afterwards.
//
// A report of everything has all of them. Else an event belongs to it when it is of one of its attempts or about what
// the report asks for (its order, unit, slot, operator); when it is about the whole line and happened between the first
// and the last of its attempts; and, where the report asks for nothing but a time, when it happened then. A decision
// belongs to the attempt or unit that it is about, whenever it was made.
class Selection {
 public:
  explicit Selection(db::Filter filter);

  void add(const db::Attempt& attempt);

  bool has(const db::Event& event, const db::Source& source) const;
  bool has(const db::Disposition& decision) const;
  bool has(const db::Run& run) const;

 private:
  bool in_time(db::Time at) const;
  bool asks_for(const db::Event& event) const;
  bool meanwhile(const db::Event& event, const db::Source& source) const;

  const db::Filter filter_;
  const bool by_time_only_, everything_;
  std::optional<db::Time> first_, last_;
  // Kept where not everything is selected.
  std::set<db::Uuid> attempts_, runs_;
  std::set<std::string> units_;
};

}  // namespace reports
