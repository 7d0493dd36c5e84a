// The line as JSON for the page, and what has changed since the state before. Pure; any thread.
// Format: `state` and `delta` of GET /api/events. Times are rounded so that a line where nothing happens has one small
// change a second.
#pragma once

#include <QJsonObject>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/values.h"
#include "station/live/live_line.h"

namespace station::board {

// What the live line does not know.
struct LineFacts {
  std::string station{};  // name
  std::optional<db::JobOpened> job{};
  std::string operator_name{};
  std::map<std::string, std::string> labels{};  // that were paired, by visit
  std::size_t changed_slots = 0;                // that are not where the station file says
};

struct LineJson {
  struct Hub {
    std::string port{};
    QJsonObject facts{};  // without load and slots
    QJsonValue load{};
    std::vector<std::string> ports{};  // of the slots
    std::vector<std::string> slots{};  // each as JSON
  };
  std::string station{};
  QJsonObject line{};
  std::vector<Hub> hubs{};
};

struct Moment {
  std::uint64_t number = 0;
  db::Time time{};
};

std::string_view to_string(SlotState state);
LineJson line_json_of(const LineNow& line, const LineFacts& facts);
// `label`: of the unit; empty: none was paired.
QJsonObject slot_json(const SlotNow& slot, const std::string& label);

std::string whole(const LineJson& line, const Moment& moment);

enum class Change {
  none,
  some,       // the delta has it
  structure,  // hubs or slots came or went
};
struct Delta {
  Change change = Change::none;
  std::string json{};  // of `some`
};
Delta delta(const LineJson& before, const LineJson& after, const Moment& moment);

}  // namespace station::board
