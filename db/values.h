// What the record holds, as values: what goes into a Store comes out of a Reader. Nothing here knows SQL, USB or the
// scheduler; `station` translates. Texts are UTF-8; an empty text means "none" and is NULL in the table. Times are UTC,
// durations monotonic, both to the millisecond.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "db/uuid.h"

namespace db {

using Sha256 = std::array<std::uint8_t, 32>;
using std::chrono::milliseconds;

std::string hex(const Sha256& digest);  // 64 digits, lower case

// `running` is what a Reader says of an attempt whose program is alive; it is never stored.
enum class Outcome { passed, failed, error, cancelled, interrupted, already, running };

std::string_view to_string(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view text);

// One program run on this station.
struct Run {
  Uuid id;
  Time at;
  std::string command;   // "flash", "run"
  std::string software;  // version of this program
  std::string host;
  std::string kernel;
  std::string libusb;
  std::string sqlite;  // Store fills it in
  std::string operator_name;
  std::string recipe_file;
};

// One file, once per station (by sha256). The module facts are those of a Particle module, else absent.
struct Image {
  Sha256 sha256{};  // of the file as on disk
  std::string name;
  std::int64_t size = 0;
  std::string kind;  // "particle-module", as `inspect` says it
  std::string platform;
  std::string function;
  std::optional<std::int64_t> module_index;
  std::optional<std::int64_t> module_version;
  std::optional<std::int64_t> start_address;
  std::optional<std::int64_t> end_address;
  std::string dependencies;  // JSON array, as `inspect` says it
};

// A recipe as it was loaded: its text and the images that its steps led to then.
struct Recipe {
  Sha256 sha256{};  // of the text
  std::string name;
  std::string revision;
  std::string file;
  std::string text;
  std::vector<std::shared_ptr<const Image>> images;  // one per step, in order
};

struct VisitStarted {
  Uuid visit;
  Time at;
  std::string port;
  std::string slot;
};

struct AttemptStarted {
  Uuid attempt;
  Uuid visit;
  std::int64_t number = 1;  // of the visit, from 1
  Time at;
  std::shared_ptr<const Recipe> recipe;
  std::string job;
  std::string lot;
  std::string operator_name;
  // The unit as it showed itself before it was touched.
  std::optional<std::int64_t> vendor;
  std::optional<std::int64_t> product;
  std::optional<std::int64_t> release;  // bcdDevice
  std::string serial;
  std::string product_name;
};

struct Step {
  std::string name;
  std::shared_ptr<const Image> image;
  std::int64_t address = 0;
  std::int64_t bytes = 0;
  std::int64_t written_bytes = 0;
  std::int64_t unchanged_bytes = 0;
  std::int64_t erased_sectors = 0;
  milliseconds duration{};
  std::optional<Sha256> readback;
  std::optional<std::int64_t> alternate{};  // of a step that goes into another memory than the unit's first
};

// In the spelling of docs/formats.md, "Fault codes": "verify-mismatch", "unit", "read".
struct Fault {
  std::string code;
  std::string about;
  std::string step;
  std::string operation;
  std::optional<std::int64_t> address;
  std::optional<std::int64_t> block;
  std::string text;
};

// Of an attempt whose program stopped before it ended.
Fault interrupted_fault();

struct AttemptFinished {
  Uuid attempt;
  Time at;
  Outcome outcome = Outcome::error;
  std::optional<Fault> fault;
  std::optional<bool> verified;
  std::optional<bool> booted;
  std::string unit;                  // chip or device id where one could be read
  std::vector<std::string> serials;  // in the order in which they were shown
  std::optional<milliseconds> flash;
  std::optional<milliseconds> back;  // `return_seconds`: from leave to the proof
  std::optional<milliseconds> device_time;
  std::vector<Step> steps;
  std::string identity;  // evidence that the unit which came back is the one that was verified: "id", "reread"...
};

struct VisitEnded {
  Uuid visit;
  Time at;
};

// What happened beside the attempts: "clock-step", "duplicate-id", "recovery", "quarantine"... `about` names the slot,
// unit or attempt it speaks of, `facts` is a JSON object.
struct Event {
  Time at;
  std::string kind;
  std::optional<Uuid> attempt;
  std::string about;
  std::string text;  // one sentence for a person
  std::string facts;
};

// A production order. `order` names it: on the command line, in attempt_started.job, on the certificate.
struct JobOpened {
  Time at;
  std::string order;
  std::string product;
  std::string lot;
  std::string recipe_name;
  std::optional<Sha256> recipe;  // of the recipe's text: no other may be flashed for this job
  std::int64_t quantity = 0;
  bool count_already = false;  // units that held everything count as made for this job
  std::optional<Time> until;   // no unit is begun later
  std::string operator_name;
};

struct JobClosed {
  Time at;
  std::string order;
  std::string operator_name;
  std::string reason;
  std::string certificate;  // the text that was signed
};

enum class Verdict { rework, scrap, waiver, comment };
std::string_view to_string(Verdict verdict);
std::optional<Verdict> parse_verdict(std::string_view text);

// A correction: never a change of what was recorded, always a further row with its author and reason.
struct Disposition {
  Time at;
  std::optional<Uuid> attempt;  // either this
  std::string unit;             // or this
  Verdict verdict = Verdict::comment;
  std::string author;
  std::string reason;
};

// A printed label that was scanned for the unit of a visit.
struct Labelled {
  Time at;
  Uuid visit;
  std::string label;
  std::string author;
};

using Record = std::variant<VisitStarted, AttemptStarted, AttemptFinished, VisitEnded, Event, JobOpened, JobClosed,
                            Disposition, Labelled>;

}  // namespace db
