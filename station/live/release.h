// Slots that were closed and hubs that were slowed or stopped go on again by a person's decision, which is on record
// before it takes effect: who, and why. What `flashline release` says to the program that runs the line. Pure, but for
// the functions that it is given.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "scheduler/remark.h"
#include "station/live/live_line.h"
#include "station/record/entry.h"

namespace station {

// Of 1 to 200 bytes that show on one line of a screen.
bool is_reason(const std::string& text);

struct ReleaseRequest {
  std::string place;  // a label or a port
  scheduler::Decision decision;
};
struct ReleaseAnswer {
  bool done = false;
  std::string text;  // a sentence
};

// One line each, as the socket carries them. Nothing: it is none.
std::string to_line(const ReleaseRequest& request);
std::string to_line(const ReleaseAnswer& answer);
std::optional<ReleaseRequest> request_from(std::string_view line);
std::optional<ReleaseAnswer> answer_from(std::string_view line);

// What a person may release.
struct Releasable {
  dfu::PortPath port;
  std::string name;  // "hub left"
  std::string then;  // how it goes on, a sentence
};
// Or why there is nothing to release.
std::variant<Releasable, std::string> releasable(const LineNow& line, const std::string& place);

// What the line can do about a request.
struct ReleaseParts {
  const LiveLine& live;
  RecordService* service;                                                         // null: a dry run
  std::function<void(const dfu::PortPath&, const scheduler::Decision&)> release;  // from any thread
};
// `answer` is called once, from any thread.
void obey(const ReleaseParts& parts, std::string_view line, const std::function<void(std::string)>& answer);

}  // namespace station
