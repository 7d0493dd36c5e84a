#include "reports/fields.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QString>
#include <array>

namespace reports {

namespace {

constexpr std::array of_attempt{
    Field{"event", "text", "", "attempt_finished; attempt_started of one that is running.", "", ""},
    Field{"time", "time", "UTC", "When it ended; of one that is running, when it started.", "", ""},
    Field{"attempt", "text", "UUIDv7", "This run of the recipe on a unit; no other has it.", "",
          "WorkStarted.TransactionID"},
    Field{"visit", "text", "UUIDv7", "The unit's stay in the slot, from insertion to removal.", "", ""},
    Field{"number", "integer", "", "Which attempt of the visit, from 1; above 1 it is a retry.", "", ""},
    Field{"port", "text", "", "USB port path: bus and chain of ports.", "", ""},
    Field{"slot", "text", "", "Label of the port on the fixture.", "", "TestedUnits.UnitPositionNumber"},
    Field{"outcome", "text", "",
          "passed, failed (the unit), error (the station), cancelled, interrupted (found open after a crash), already "
          "(held everything, nothing written), running.",
          "outcome", "TestedUnits.OverallResult"},
    Field{"fault.code", "text", "", "What went wrong, of a closed list.", "outcome_details.code",
          "FaultOccurred.FaultCode"},
    Field{"fault.about", "text", "", "What it is about: unit, cable, port, hub, image or station.", "", ""},
    Field{"fault.step", "text", "", "Step of the recipe in which it happened.", "", ""},
    Field{"fault.operation", "text", "", "erase, write, read...: what was being done.", "", ""},
    Field{"fault.address", "text", "hexadecimal", "Address of the unit's memory at which it happened.", "", ""},
    Field{"fault.block", "integer", "", "Number of the block that was being transferred.", "", ""},
    Field{"fault.text", "text", "", "What is wrong, where, the value, and what to do.", "outcome_details.description",
          "Tests.Error"},
    Field{"verified", "truth", "",
          "Whether every byte of every step was read back equal; null: not read back, by a waiver or because the "
          "attempt ended before.",
          "", ""},
    Field{"booted", "truth", "", "Whether the unit gave the proof of boot that the recipe asks for; null: none asked.",
          "", ""},
    Field{"unit", "text", "", "Chip or device id, where one could be read.", "dut_id", "TestedUnits.UnitIdentifier"},
    Field{"serials", "texts", "", "USB serials that the unit showed, in order; not unique.", "", ""},
    Field{"label", "text", "", "Printed label that was scanned for the unit.", "", "WorkStarted.PrimaryIdentifier"},
    Field{"flash_seconds", "number", "seconds", "From the first touch to the leave request.", "", ""},
    Field{"return_seconds", "number", "seconds", "From the leave request to the proof of boot.", "", ""},
    Field{"floor_seconds", "number", "seconds", "What the unit itself needs for what was done, with any program.", "",
          "RecipeActivated.ExpectedCycleTime"},
    Field{"started", "time", "UTC", "When it started.", "start_time_millis", "Tests.StartTime"},
    Field{"finished", "time", "UTC", "When its verdict was known; null: none is on record.", "end_time_millis",
          "Tests.EndTime"},
    Field{"job", "text", "", "Order number.", "", "WorkStarted.WorkOrderIdentifier"},
    Field{"lot", "text", "", "Lot.", "lot", ""},
    Field{"operator", "text", "", "Who ran the line.", "operator_name", "Tester.OperatorIdentifier"},
    Field{"recipe", "text", "", "Name of the recipe.", "test_name", "WorkStarted.RecipeName"},
    Field{"recipe_revision", "text", "", "Its revision.", "test_version", "WorkStarted.Revision"},
    Field{"recipe_sha256", "text", "SHA-256", "Of the recipe's text, which the record holds.", "", ""},
    Field{"usb", "text", "hexadecimal", "USB vendor and product id before the unit was touched.", "", ""},
    Field{"release", "text", "hexadecimal", "USB bcdDevice: the bootloader's release.", "", ""},
    Field{"product", "text", "", "USB product text.", "", ""},
    Field{"station", "text", "", "Name of the station.", "station_id", ""},
    Field{"installation", "text", "UUIDv7", "The station's record; no other has it.", "", ""},
    Field{"run", "text", "UUIDv7", "Run of the program.", "", ""},
    Field{"software", "text", "", "Version of this program.", "framework_build", ""},
    Field{"host", "text", "", "Host name.", "", ""},
    Field{
        "identity", "text", "",
        "By what evidence the unit that came back is the one that was verified: id (it shows the same id), reread (the "
        "same bytes, read back again), reset-time (its own reset explains its absence); null: none was asked or found.",
        "", ""},
};

constexpr std::array of_step{
    Field{"name", "text", "", "Name of the step in the recipe.", "phases.name", "Tests.TestName"},
    Field{"image", "text", "", "File name of the image.", "", ""},
    Field{"sha256", "text", "SHA-256", "Of the image file.", "", ""},
    Field{"address", "text", "hexadecimal", "Where it begins in the unit's memory.", "", ""},
    Field{"bytes", "integer", "bytes", "Length of what must be there.", "", ""},
    Field{"written_bytes", "integer", "bytes", "Of these, written in this attempt.", "", ""},
    Field{"unchanged_bytes", "integer", "bytes", "Of these, found in place and left alone.", "", ""},
    Field{"erased_sectors", "integer", "sectors", "Erased for it.", "", ""},
    Field{"seconds", "number", "seconds", "Time that the step took.", "", ""},
    Field{"readback_sha256", "text", "SHA-256",
          "Of the bytes read back at its address, written now or found; null: not read back.", "", ""},
    Field{"state", "text", "",
          "How far it came: done, already (held, nothing written), written (not read back before the end), stopped, "
          "failed, not-reached.",
          "phases.outcome", ""},
    Field{"alt", "integer", "", "Alternate setting of its memory; null: the one of the recipe's [device].", "", ""},
};

constexpr std::array of_event{
    Field{"time", "time", "UTC", "When it was recorded.", "", ""},
    Field{"kind", "text", "", "What happened, in a word: run-started, clock-step, signed-in, stopped, quarantine...",
          "", ""},
    Field{"about", "text", "", "The order, port, hub, unit or operator that it is about; null or line: the line.", "",
          ""},
    Field{"text", "text", "", "A sentence for people.", "", ""},
    Field{"attempt", "text", "UUIDv7", "The attempt that it belongs to.", "", ""},
    Field{"operator", "text", "", "Who did it, where a person did.", "", ""},
    Field{"facts", "object", "", "Values of this kind of event; operator, role and from of what was done on the board.",
          "", ""},
    Field{"station", "text", "", "Name of the station.", "", ""},
};

constexpr std::array of_disposition{
    Field{"time", "time", "UTC", "When it was decided.", "", ""},
    Field{"verdict", "text", "", "rework, scrap, waiver or comment.", "", ""},
    Field{"author", "text", "", "Who decided.", "", ""},
    Field{"reason", "text", "", "Why.", "", ""},
    Field{"attempt", "text", "UUIDv7", "The attempt that it is about; null: a unit.", "", ""},
    Field{"unit", "text", "", "The unit that it is about, by its id; null: an attempt.", "", ""},
    Field{"station", "text", "", "Name of the station.", "", ""},
};

constexpr std::array of_run{
    Field{"run", "text", "UUIDv7", "Run of the program.", "", ""},
    Field{"time", "time", "UTC", "When it began.", "", ""},
    Field{"command", "text", "", "What was run: flash, run, job open...", "", ""},
    Field{"software", "text", "", "Version of this program.", "", ""},
    Field{"host", "text", "", "Host name.", "", ""},
    Field{"kernel", "text", "", "Version of its kernel.", "", ""},
    Field{"libusb", "text", "", "Version of libusb.", "", ""},
    Field{"sqlite", "text", "", "Version of SQLite.", "", ""},
    Field{"operator", "text", "", "Who was named with --operator.", "", ""},
    Field{"recipe_file", "text", "", "File of the recipe.", "", ""},
    Field{"station", "text", "", "Name of the station.", "", ""},
};

std::string shown(const Field& field, const std::string& before) {
  std::string out = before + field.name + "\n    " + field.kind + (*field.unit ? std::string(", ") + field.unit : "") +
                    ". " + field.meaning + "\n";
  if (*field.openhtf) out += std::string("    OpenHTF: ") + field.openhtf + "\n";
  if (*field.cfx) out += std::string("    IPC-2591: ") + field.cfx + "\n";
  return out;
}

QJsonObject as_json(const Field& field, const QString& before) {
  const auto or_null = [](const char* text) { return *text ? QJsonValue(QString(text)) : QJsonValue(); };
  return {{"name", before + field.name},       {"kind", field.kind},
          {"unit", or_null(field.unit)},       {"meaning", field.meaning},
          {"openhtf", or_null(field.openhtf)}, {"ipc2591", or_null(field.cfx)}};
}

}  // namespace

std::span<const Field> attempt_fields() {
  return of_attempt;
}
std::span<const Field> step_fields() {
  return of_step;
}
std::span<const Field> event_fields() {
  return of_event;
}
std::span<const Field> disposition_fields() {
  return of_disposition;
}
std::span<const Field> run_fields() {
  return of_run;
}

void write_fields(std::ostream& out) {
  out << "One attempt: a row of CSV and XLSX, an object of JSON and JSON Lines. A dot is a level in JSON. Where there "
         "is\n"
         "nothing, JSON has null and tables an empty cell. Times are UTC (RFC 3339), durations monotonic.\n\n";
  for (const Field& field : of_attempt) out << shown(field, "");
  out << "\nIts steps: the list `steps` in JSON, columns step.1.name, step.2.name... in tables.\n\n";
  for (const Field& field : of_step) out << shown(field, "step.N.");
  out << "\nEvents: the list `events` in JSON, a sheet of XLSX.\n\n";
  for (const Field& field : of_event) out << shown(field, "event.");
  out << "\nDecisions: the list `dispositions` in JSON, a sheet of XLSX.\n\n";
  for (const Field& field : of_disposition) out << shown(field, "disposition.");
  out << "\nRuns: the list `runs` in JSON, a sheet of XLSX.\n\n";
  for (const Field& field : of_run) out << shown(field, "run.");
}

void write_fields_json(std::ostream& out) {
  QJsonArray all;
  for (const Field& field : of_attempt) all.append(as_json(field, {}));
  for (const Field& field : of_step) all.append(as_json(field, "step.N."));
  for (const Field& field : of_event) all.append(as_json(field, "event."));
  for (const Field& field : of_disposition) all.append(as_json(field, "disposition."));
  for (const Field& field : of_run) all.append(as_json(field, "run."));
  out << QJsonDocument(QJsonObject{{"fields", all}}).toJson().toStdString();
}

}  // namespace reports
