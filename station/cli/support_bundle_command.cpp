// One file for the person who is asked for help: what this station is and what it did last, without its secrets.
#include <QDateTime>
#include <QJsonArray>
#include <QJsonObject>
#include <QRegularExpression>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "config/files.h"
#include "db/reader.h"
#include "reports/json_text.h"
#include "station/board/operators.h"
#include "station/cli/command.h"
#include "station/cli/doctor_command.h"
#include "station/cli/enumerate_units.h"
#include "station/diagnostics/archive.h"
#include "station/diagnostics/secrets.h"
#include "station/live/line_view.h"
#include "station/output/output.h"
#include "station/record/image_json.h"
#include "station/record/output_file.h"
#include "station/record/signed_file.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"
#include "station/text.h"
#include "station/version.h"

namespace station {

namespace {

namespace fs = std::filesystem;
using reports::text;

struct BundleOptions : DoctorOptions {
  std::vector<std::string> recipes;
  std::string output;  // empty: flashline-support-TIME.tar.gz
};

// Of all logs together; of the newest, what was written last.
constexpr std::size_t most_log_bytes = std::size_t{8} << 20;
constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

std::string contents(const std::string& file, std::size_t most_bytes) {
  const auto read = config::read_file(file, most_bytes);
  const auto* bytes = std::get_if<dfu::Bytes>(&read);
  return bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
}

// The whole lines of its end.
std::string end_of(const fs::path& file, std::size_t most_bytes) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  const std::size_t begin = size > most_bytes ? size - most_bytes : 0;
  std::string out(size - begin, '\0');
  in.seekg(static_cast<std::streamoff>(begin));
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return begin == 0 ? out : out.substr(std::min(out.size(), out.find('\n') + 1));
}

std::vector<fs::path> logs_beside(const std::string& database) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code failure;
  const fs::path folder = fs::path(database).parent_path() / "logs";
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    std::error_code gone;
    const bool ours = at->path().filename().string().starts_with("flashline-");
    if (ours && fs::is_regular_file(at->symlink_status(gone))) {
      found.emplace_back(fs::last_write_time(at->path(), gone), at->path());
    }
  }
  std::ranges::sort(found, std::ranges::greater{});
  std::vector<fs::path> out;
  for (const auto& one : found) out.push_back(one.second);
  return out;
}

class Bundle {
 public:
  explicit Bundle(BundleOptions options) : options_(std::move(options)) {}

  std::variant<std::vector<ArchivedFile>, ExitStatus> gather() {
    const config::StationConfig station = read_station_file();
    const auto database = find_database(options_.db, station);
    if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
    database_ = std::get<std::string>(database);
    read_recipes(station);
    know_secrets();
    add("versions.txt", versions());
    const auto said = doctor_text(options_);
    add("doctor.txt", std::holds_alternative<std::string>(said) ? std::get<std::string>(said) : no_answer("doctor"));
    add("topology.json", topology());
    add("record.json", record_head());
    for (const ArchivedFile& file : files_) add(file.name, file.text);
    add_logs();
    out_.insert(out_.begin(), {"README.txt", contents_text()});
    for (ArchivedFile& file : out_) file.name = "flashline-support/" + file.name;
    return std::move(out_);
  }

 private:
  void add(const std::string& name, const std::string& content) {
    out_.push_back({name, secrets_.removed_from(content)});
  }

  static std::string no_answer(const std::string& what) {
    return what + " could not be asked: see what the command printed when this bundle was made.\n";
  }

  // One with a mistake is packed all the same, and the rest is asked as if there were none.
  config::StationConfig read_station_file() {
    if (options_.station.empty()) return {};
    files_.push_back({"station.toml", contents(options_.station, most_file_bytes)});
    const config::StationResult read = config::load_station(options_.station);
    print_diagnostics(read.diagnostics);
    std::string said;
    for (const config::Diagnostic& each : read.diagnostics) said += config::to_string(each) + "\n";
    if (!said.empty()) files_.push_back({"station-problems.txt", said});
    if (read.station) return *read.station;
    options_.station.clear();
    return {};
  }

  // Those that the station file or the command line names.
  void read_recipes(const config::StationConfig& station) {
    std::set<std::string> recipes(options_.recipes.begin(), options_.recipes.end());
    for (const config::SlotConfig& slot : station.slots) recipes.insert(slot.recipe);
    recipes.erase("");
    int number = 0;
    for (const std::string& recipe : recipes) {
      const std::string name = fs::path(recipe).filename().string().substr(0, 60);
      const std::string content = contents(recipe, most_file_bytes);
      files_.push_back({fmt::format("recipes/{:03}-{}", ++number, name),
                        content.empty() ? "# " + recipe + " cannot be read, or is empty\n" : content});
    }
  }

  // The station's key signs everything; hashes of PINs of four digits are as good as the PINs.
  void know_secrets() {
    for (const char* name : {".key", ".operators"}) {
      const std::string content = contents(database_ + name, most_file_bytes);
      for (const QString& word : QString::fromStdString(content).split(QRegularExpression("\\s+"))) {
        constexpr qsizetype longest_name = 40;  // keys and hashes are longer, words and names are not
        if (word.size() > longest_name || word.startsWith('$')) secrets_.add(word.toStdString());
      }
    }
    for (const char* name : {"PGPASSWORD", "FLASHLINE_PIN"}) {
      if (const char* value = std::getenv(name)) secrets_.add(value);
    }
    for (const ArchivedFile& file : files_) secrets_.learn(file.text);
  }

  std::string versions() const {
    std::string out = version_text() + "\n" + kernel() + "\n";
    std::ifstream system("/etc/os-release");
    for (std::string line; std::getline(system, line);) {
      if (line.starts_with("PRETTY_NAME=")) out += line.substr(line.find('=') + 1) + "\n";
    }
    return out + "made at " + QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString() + "\n";
  }

  std::string topology() const {
    const auto station = read_station(options_.station);
    const auto profiles = wanted_profiles("");
    if (!std::holds_alternative<std::shared_ptr<const config::StationConfig>>(station) || profiles.index() != 0) {
      return no_answer("The line");
    }
    const auto opened = open_line(options_, LineUse::look);
    const auto* line = std::get_if<OpenedLine>(&opened);
    if (!line) return no_answer("The line");
    const auto units = enumerate_units(*line->bus);
    if (!units) return no_answer("The line");
    const config::StationConfig& names = *std::get<0>(station);
    return as_json(line_view(line->hubs->topology(), *units, names, std::get<0>(profiles)), names);
  }

  // What proves which record this is, and nothing of what is in it.
  std::string record_head() const {
    QJsonObject record{{"file", text(database_)}};
    try {
      db::Reader reader(database_);
      record["schema"] = reader.schema_version();
      QJsonArray stations;
      for (const db::StationInfo& one : reader.stations()) {
        stations.append(QJsonObject{{"installation", text(db::to_string(one.installation))},
                                    {"station", text(one.name)},
                                    {"rows", static_cast<qint64>(one.head.seq)},
                                    {"hash", text(db::hex(one.head.hash))},
                                    {"public_key", text(one.public_key)}});
      }
      record["stations"] = stations;
      const db::Counts counts = reader.counts();
      record["attempts"] = static_cast<qint64>(counts.attempts);
      record["orders"] = static_cast<qint64>(reader.jobs_of_all().size());
      record["bytes"] = static_cast<qint64>(fs::file_size(database_));
    } catch (const std::exception& error) {
      record["problem"] = text(error.what());
    }
    return compact(record) + "\n";
  }

  void add_logs() {
    std::size_t left = most_log_bytes;
    for (const fs::path& log : logs_beside(database_)) {
      if (left == 0) return;
      const std::string end = end_of(log, left);
      left -= std::min(left, end.size());
      add("logs/" + log.filename().string().substr(0, 72), end);
    }
  }

  std::string contents_text() const {
    std::string out =
        "Made by flashline support-bundle, for the person who helps this station. Removed: the station's key, the "
        "hashes of\n"
        "PINs, and what stands behind words such as password and token or before the @ of a URL. The record is not in\n"
        "it, only what it is called and where it ends. Look through the files before you send them.\n\n";
    for (const ArchivedFile& file : out_) out += fmt::format("{:>10}  {}\n", grouped(file.text.size()), file.name);
    return out;
  }

  BundleOptions options_;
  std::string database_;
  Secrets secrets_;
  std::vector<ArchivedFile> files_, out_;
};

ExitStatus support_bundle(const BundleOptions& options) {
  const QDateTime now = QDateTime::currentDateTimeUtc();
  const std::string file = options.output.empty()
                               ? "flashline-support-" + now.toString("yyyyMMdd'T'HHmmss'Z'").toStdString() + ".tar.gz"
                               : options.output;
  if (const auto problem = why_not_written(file)) return complain(ExitStatus::cannot_create, *problem);
  const auto gathered = Bundle(options).gather();
  if (const auto* status = std::get_if<ExitStatus>(&gathered)) return *status;
  const auto& files = std::get<std::vector<ArchivedFile>>(gathered);
  const ExitStatus status = created(write_file(file, tar_gz(files, now.toSecsSinceEpoch())));
  if (status != ExitStatus::passed) return status;
  std::string said = printable(file) + " holds, without secrets:\n";
  for (const ArchivedFile& one : files)
    said += fmt::format("{:>10}  {}\n", grouped(one.text.size()), printable(one.name));
  return print_folded(said) ? ExitStatus::passed : ExitStatus::cannot_create;
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<BundleOptions>();
  add_record_options(arguments, options->station, options->db);
  add_line_options(arguments, *options);
  arguments.add("--recipe", options->recipes, "Also this recipe; those of the station file are in it anyway")
      .type("FILE");
  arguments.add("-o,--output", options->output, "Write to this file instead of flashline-support-TIME.tar.gz")
      .type("FILE");
  return action(options, support_bundle, [&arguments, options] { return contradiction(arguments, *options); });
}

const Registered command({.place = 72,
                          .words = "support-bundle",
                          .what = "Pack what helps to find a problem into one file, without secrets",
                          .example = "flashline support-bundle --station line-3.toml -o support.tar.gz",
                          .declare = declare});

}  // namespace

}  // namespace station
