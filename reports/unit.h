// Questions about units: all that the record knows of one, and which ones hold an image. A unit is asked for by its
// chip or device id, a serial that it showed, or its printed label. Not for sharing between threads. Errors: db::Error.
#pragma once

#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "db/reader.h"
#include "reports/contents.h"

namespace reports {

// One of several units that showed what was asked for.
struct UnitFound {
  std::string id, label;  // empty: not known
  std::size_t attempts = 0;
  db::Attempt last;
};

struct UnitHistory {
  std::string asked;
  std::set<std::string> ids;  // more than one: several units showed what was asked for
  std::vector<std::string> serials, labels;
  std::vector<db::StationInfo> stations;
  std::vector<db::Attempt> attempts;  // also those of its visits in which its id was not read
  std::vector<Held> holds;            // nothing where there are several units
  bool lost = false;                  // an attempt broke off, and nothing was proven since
  std::vector<db::Disposition> dispositions;
  std::vector<db::Event> events;
  std::optional<db::Time> made{};  // as in a Report
  std::string verified{};
};

// The units of a history, told apart by their id, else by their visit. In the order in which they came first.
std::vector<UnitFound> units_of(const UnitHistory& history);

UnitHistory read_unit(db::Reader& reader, const std::string& unit);

void write_text(const UnitHistory& unit, std::ostream& out);
void write_json(const UnitHistory& unit, std::ostream& out);
// A page of its own, which loads nothing.
void write_html(const UnitHistory& unit, std::ostream& out);

// A unit whose last word is that it holds an image.
struct Holder {
  std::string unit, label;          // empty: not known
  std::string station, port, slot;  // where it was last
  Held held;
};

// In the order of the proofs. `image` is a name, or the first digits (4 or more) of a SHA-256.
std::vector<Holder> holders_of(db::Reader& reader, const std::string& image);

void write_holders(const std::vector<Holder>& holders, const std::string& image, std::ostream& out);
void write_holders_csv(const std::vector<Holder>& holders, std::ostream& out);
void write_holders_json(const std::vector<Holder>& holders, const std::string& image, std::ostream& out);

}  // namespace reports
