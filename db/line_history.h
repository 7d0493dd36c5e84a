// What happened beside the attempts, as it is on record: runs of the program, events (alarms, clock steps, what
// people did) and decisions about units. Read-only, in the order of the record, this station's own first; a call holds
// one row in memory. Used by one thread. Errors: db::Error.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "db/values.h"

namespace db {

// Whose record a row stands in.
struct Source {
  std::string station;  // name under which the row was written
  Uuid installation;
  bool own = true;  // else it was merged or imported
};

class LineHistory {
 public:
  template <typename Row>
  using Visitor = std::function<bool(const Row&, const Source&)>;  // false: enough

  explicit LineHistory(const std::string& path);
  ~LineHistory();
  LineHistory(const LineHistory&) = delete;
  LineHistory& operator=(const LineHistory&) = delete;

  void runs(const Visitor<Run>& visit);
  void events(const Visitor<Event>& visit);
  void dispositions(const Visitor<Disposition>& visit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace db
