// The command line as values. Parsing touches no file and no unit; it prints nothing: what is to be said comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "db/reader.h"
#include "reports/groups.h"
#include "station/exit_status.h"

namespace station {

// Of every command that looks at the line.
struct LineOptions {
  std::string line = "usb";
  int units = 8;
  int generation = 3;
  std::optional<double> speed;
  std::string keep;  // folder; empty: the units' flash is forgotten
};

// Of `flash` and of `run`.
struct FlashOptions : LineOptions {
  bool stay = false;    // `run`: go on with units that are plugged in later
  std::string recipe;   // empty, with `stay` only: slots with a recipe of their own are worked on
  std::string station;  // file; empty: none
  std::string db;       // empty: the station file's, or the default
  std::vector<std::string> ports;
  std::vector<std::string> slots;
  std::string operator_name;
  std::string job;    // order number; empty: none
  std::string board;  // "ADDR:PORT" or "off"; empty: as the station file says
  bool dry_run = false;
  bool archive = true;          // keep the images beside the database
  bool clock_is_right = false;  // a person says so, whatever the record ends with
  bool json = false;
  int verbosity = 0;
};

struct CheckOptions {
  std::string recipe;
  std::string station;  // says how many units are in work at once
  bool plan = false;
  bool lock = false;
  bool json = false;
};

struct InspectOptions {
  std::vector<std::string> files;
  bool json = false;
};

struct ListOptions : LineOptions {
  std::string station;
  std::string recipe;  // empty: the units of every profile are ours
  bool json = false;
};

struct SlotsShowOptions : LineOptions {
  std::string station;
  bool json = false;
};

struct SlotsLearnOptions : LineOptions {
  std::string station;       // made if it is not there
  std::string first = "A1";  // label to begin with
  int count = 0;             // sockets; 0: until somebody ends it
  bool ask = false;          // for each label, on standard input
  bool json = false;
};

struct DoctorOptions : LineOptions {
  std::string station;
  std::string recipe;  // empty: the units of every profile are ours
  std::string db;
  bool json = false;
};

struct ReportOptions {
  std::string station;
  std::string db;
  std::string format = "text";
  std::string output;  // empty: standard output
  bool summary = false;
  bool fields = false;            // what each key means; no record is read
  std::optional<reports::By> by;  // a row of figures for each slot, day...
  std::string holds;              // which units hold this image now
  db::Filter filter;
};

// Which record a command speaks of.
struct RecordOptions {
  std::string station;
  std::string db;
};

struct AuditOptions : RecordOptions {
  std::string against;  // file; empty: none
  std::string key;  // public key that signed `against`, or the excerpts, or a file with one; empty: the record's own
  bool images = false;  // also the files of the images
};

struct ImageOptions : RecordOptions {
  std::string image;   // name, or the first digits of its SHA-256
  std::string output;  // empty: standard output
};

struct AnchorOptions : RecordOptions {
  std::string output;  // empty: standard output, unsigned
};

struct DisposeOptions {
  RecordOptions record;
  std::string subject;  // attempt or unit
  db::Disposition disposition;
};

// To the program that runs the line with this record.
struct ReleaseOptions : RecordOptions {
  std::string place;  // a slot's label, a hub's label, or the port of either
  std::string operator_name;
  std::string reason;
};

struct LabelOptions : RecordOptions {
  std::string label;
  // Whose it is: one of these.
  std::string attempt;
  std::string unit;
  std::string slot;
  bool scan = false;  // slot and label in turn, from standard input
  bool again = false;
  std::string operator_name;
};

struct JobOpenOptions {
  RecordOptions record;
  std::string recipe;  // file; empty: any recipe
  db::JobOpened job;
};

struct JobCloseOptions {
  RecordOptions record;
  std::string order;
  std::string operator_name;
  std::string reason;
  std::string output;  // empty: ORDER.certificate
};

struct JobListOptions : RecordOptions {};

struct JobExportOptions {
  RecordOptions record;
  std::string order;
  std::string output;  // empty: ORDER.flashline
  std::string key;     // the station's key file; empty: the one beside the database
};

struct JobImportOptions {
  RecordOptions record;
  std::string file;
  std::string key;  // public key that must have signed it, or a file with one; empty: the one that its rows name
};

struct OperatorOptions : RecordOptions {
  enum class What { add, remove, list } what = What::list;
  std::string name;
  std::string role = "operator";
};

struct BackupOptions : RecordOptions {
  std::string to;
};

struct MergeOptions : RecordOptions {
  std::vector<std::string> sources;
};

struct RestoreOptions : RecordOptions {
  std::string from;
  std::string against;  // signed anchor; empty: FROM.anchor
  std::string key;      // public key, or a file with one; empty: the station's key beside the database
  std::string operator_name;
  bool unproven = false;
  bool replace = false;
};

struct ArchiveOptions : RecordOptions {
  std::string to;
};

struct VirtualOptions : LineOptions {
  std::string host;  // to listen on
  std::uint16_t tcp_port = 0;
  bool verbose = false;
};

using Command =
    std::variant<FlashOptions, CheckOptions, InspectOptions, ListOptions, SlotsShowOptions, SlotsLearnOptions,
                 DoctorOptions, ReportOptions, AuditOptions, ImageOptions, AnchorOptions, DisposeOptions, LabelOptions,
                 ReleaseOptions, JobOpenOptions, JobCloseOptions, JobListOptions, JobExportOptions, JobImportOptions,
                 BackupOptions, MergeOptions, RestoreOptions, ArchiveOptions, VirtualOptions, OperatorOptions>;

// Nothing is to be run: help or version was asked for, or the command line is wrong.
struct Said {
  std::string text;
  ExitStatus status = ExitStatus::passed;  // usage: the text is for stderr
};

std::variant<Command, Said> parse_command_line(int argc, const char* const* argv);

}  // namespace station
