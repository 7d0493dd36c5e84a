// Every text that comes from outside, through every output: no byte of it steers a terminal, begins a line of its own,
// or breaks UTF-8, JSON, HTML, CSV, XML or the text of Prometheus. What is generated: fields x attacks, for each way
// out.
#include <QChar>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStringDecoder>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "db/store.h"
#include "station/board/prometheus_exporter.h"
#include "station/diagnostics/logging.h"
#include "station/output/console_screen.h"
#include "station/output/json_lines.h"
#include "station/output/progress_lines.h"
#include "tests/db/sample.h"
#include "tests/station/program.h"
#include "tests/station/sample_values.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// `NNN` becomes the number of the field, so that a failure names it.
struct Attack {
  const char* name;
  const char* text;
};
constexpr Attack attacks[] = {
    {"Title", "NNN\x1b]0;owned\x07"},
    {"ClearScreen", "NNN\x1b[2J\x1b[31m"},
    {"EightBitControl",
     "NNN\xC2\x9B"
     "31m"},
    {"ForgedLine", "NNN\nVERIFIED\r\nstation forged"},
    {"CarriageReturn", "NNN\rPASS"},
    {"Backspace", "NNN\b\b\b\x7F"},
    {"TurnedLine", "NNN\xE2\x80\xAEgnorw\xE2\x81\xA6"},
    {"NoUtf8", "NNN\xFF\xC0\x9B\xED\xA0\x80\xE2\x82"},
    {"Markup", "NNN</td><script>alert(1)</script>' onclick='x' \"&amp;"},
    {"Formula", "=NNN+cmd|' /C calc'!A0"},
    {"NoCharacter", "NNN\xEF\xBF\xBE\xEF\xBF\xBF"},
};

// Nothing is wrong: empty.
std::string problem_of(const std::string& out) {
  QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
  const QString text = decoder(QByteArray::fromStdString(out));
  if (decoder.hasError()) return "this is no UTF-8";
  for (qsizetype i = 0; i < text.size(); ++i) {
    const char16_t c = text[i].unicode();
    const bool layout = c == '\n' || c == '\t' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    const bool control = text[i].category() == QChar::Other_Control;
    const bool turns = (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    if ((control && !layout) || turns || c == 0xFFFE || c == 0xFFFF) {
      const auto around = text.mid(std::max<qsizetype>(0, i - 60), 60);
      return "U+" + std::to_string(c) + " after '" + around.toStdString() + "'";
    }
  }
  return {};
}

std::string text_of(const Attack& attack, int field) {
  std::string text = attack.text;
  return text.replace(text.find("NNN"), 3, "f" + std::to_string(field));
}

void expect_harmless(const std::string& out, const std::string& what) {
  EXPECT_EQ(problem_of(out), "") << what;
  // Recipes and certificates are texts of several lines, and a cell of CSV may have some.
  if (what.find("html") != std::string::npos || what.find("csv") != std::string::npos) return;
  EXPECT_THAT(out, Not(HasSubstr("\nVERIFIED\r"))) << what;
  EXPECT_THAT(out, Not(HasSubstr("\nstation forged"))) << what;
}

void expect_json_lines(const std::string& out, const std::string& what) {
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    QJsonParseError error{};
    QJsonDocument::fromJson(QByteArray::fromStdString(line), &error);
    EXPECT_EQ(error.error, QJsonParseError::NoError) << what << ": " << line;
  }
}

class EveryOutput : public testing::TestWithParam<Attack> {
 protected:
  std::string next() { return text_of(GetParam(), ++fields_); }

  ProgramFolder folder_;
  int fields_ = 0;
};

// One record for all attacks, each in every text: a run of the program for each would take minutes.
class EveryOutputOfTheRecord : public testing::Test {
 protected:
  EveryOutputOfTheRecord() {
    for (std::size_t i = 0; i < std::size(attacks); ++i) add(attacks[i], static_cast<std::uint8_t>(10 * i));
  }

  std::string next(const Attack& attack) { return text_of(attack, ++fields_); }

  // What a run of a station wrote, with `attack` for each text. `base`: ten ids from there on are this run's own.
  void add(const Attack& attack, std::uint8_t base) {
    const auto next = [&] { return this->next(attack); };
    const auto id = [&](int n) { return static_cast<std::uint8_t>(base + n); };
    db::UuidGenerator uuids;
    db::Run run = sample::run(id(9));
    for (std::string* text :
         {&run.command, &run.software, &run.host, &run.kernel, &run.libusb, &run.operator_name, &run.recipe_file}) {
      *text = next();
    }
    db::Store store(folder_.path("r.db"), next(), run, uuids);
    const std::string order = next();
    db::JobOpened job = sample::job(order);
    job.product = next(), job.lot = next(), job.recipe_name = next(), job.operator_name = next();
    job.recipe.reset();
    job.until.reset();
    store.append(job);
    const auto image = [&](int n) {
      db::Image one = *sample::image(id(n), next());
      one.kind = next(), one.platform = next(), one.function = next(), one.dependencies = next();
      return std::make_shared<const db::Image>(one);
    };
    db::Recipe recipe = *sample::recipe();
    recipe.sha256 = sample::digest(id(3));
    recipe.name = next(), recipe.revision = next(), recipe.file = next(), recipe.text = next();
    recipe.images = {image(1), image(2)};
    const auto shared = std::make_shared<const db::Recipe>(recipe);
    for (const int n : {0, 2, 4, 6}) {
      store.append(sample::visit(id(n), next(), next()));
      db::AttemptStarted started = sample::started(id(n + 1), id(n));
      started.recipe = shared;
      started.job = order;
      started.lot = next(), started.operator_name = next(), started.serial = next(), started.product_name = next();
      store.append(started);
      db::AttemptFinished finished = n % 4 == 0 ? sample::passed(id(n + 1)) : sample::failed(id(n + 1));
      finished.unit = next();
      if (n == 6) units_.push_back(finished.unit);
      finished.serials = {next(), next()};
      if (finished.fault) {
        for (std::string* text : {&finished.fault->code, &finished.fault->about, &finished.fault->step,
                                  &finished.fault->operation, &finished.fault->text}) {
          *text = next();
        }
      }
      for (std::size_t i = 0; i < finished.steps.size(); ++i) {
        finished.steps[i].name = next();
        finished.steps[i].image = recipe.images[i];
      }
      store.append(finished);
      store.append(db::Event{sample::at(30), next(), sample::uuid(id(n + 1)), next(), next(), next()});
      store.append(db::Disposition{sample::at(40), sample::uuid(id(n + 1)), {}, db::Verdict::waiver, next(), next()});
      store.append(db::Labelled{sample::at(50), sample::uuid(id(n)), next(), next()});
    }
    store.append(db::JobClosed{sample::at(60), order, next(), next(), next()});
    orders_.push_back(order);
  }

  void expect_harmless(std::vector<std::string> command, const std::string& record = "r.db") {
    std::string what;
    for (const std::string& word : command) what += word + " ";
    command.insert(command.end(), {"--db", record});
    const Ran ran = folder_.run(command);
    EXPECT_NE(ran.status, 70) << what << ran.err;
    station::expect_harmless(ran.out, what + ", output");
    station::expect_harmless(ran.err, what + ", errors");
    const auto has = [&](const char* format) { return std::ranges::find(command, format) != command.end(); };
    if (has("jsonl")) expect_json_lines(ran.out, what);
    if (has("html")) {
      EXPECT_THAT(ran.out, Not(HasSubstr("<script>alert"))) << what;
      EXPECT_THAT(ran.out, Not(HasSubstr("' onclick='"))) << what;
    }
    if (has("csv")) {
      EXPECT_THAT(ran.out, Not(HasSubstr(",=f"))) << what;
      EXPECT_THAT(ran.out, Not(HasSubstr("\n=f"))) << what;
    }
  }

  ProgramFolder folder_;
  int fields_ = 0;
  std::vector<std::string> units_, orders_;  // one of each attack
};

TEST_F(EveryOutputOfTheRecord, IsHarmless) {
  for (const char* format : {"text", "csv", "json", "jsonl", "html"}) expect_harmless({"report", "--format", format});
  for (const char* by :
       {"slot", "job", "lot", "recipe", "image", "unit", "hub", "operator", "day", "outcome", "station"}) {
    expect_harmless({"report", "--by", by});
    expect_harmless({"report", "--by", by, "--format", "csv"});
    expect_harmless({"report", "--by", by, "--format", "html"});
  }
  for (const char* format : {"text", "csv", "json"}) {
    expect_harmless({"report", "--holds", "01010101", "--format", format});
  }
  expect_harmless({"report", "--summary"});
  expect_harmless({"report", "--summary", "--format", "html"});
  expect_harmless({"job", "list"});
  expect_harmless({"job", "list", "--json"});
  expect_harmless({"audit", "verify", "--images"});
  expect_harmless({"audit", "image", "nothing of this name"});
  expect_harmless({"audit", "anchor"});
}

TEST_F(EveryOutputOfTheRecord, AskedForByATextOfOthersIsHarmless) {
  for (std::size_t i = 0; i < std::size(attacks); ++i) {
    expect_harmless({"report", "--unit", units_[i]});
    expect_harmless({"report", "--unit", units_[i], "--format", "html"});
    expect_harmless({"report", "--job", orders_[i]});
    expect_harmless({"report", "--lot", next(attacks[i])});
    expect_harmless({"job", "open", next(attacks[i])});
  }
}

TEST_F(EveryOutputOfTheRecord, ThatLeftAsAFileIsHarmlessWhereItIsRead) {
  for (const std::string& order : orders_) {
    expect_harmless({"job", "export", order, "-o", "order"});
    expect_harmless({"job", "import", "order"}, "other.db");
    expect_harmless({"audit", "verify"}, "order");
    fs::remove(folder_.path("order"));
  }
  expect_harmless({"db", "merge", "r.db"}, "third.db");
}

// Characters that XML must not hold make a workbook that no program opens.
TEST_F(EveryOutputOfTheRecord, AsAWorkbookCanBeRead) {
  if (std::system("/usr/bin/python3 -c 'import openpyxl' 2>/dev/null") != 0) GTEST_SKIP() << "there is no openpyxl";
  ASSERT_EQ(folder_.run({"report", "--db", "r.db", "--format", "xlsx", "-o", "r.xlsx"}).status, 0);
  const std::string command = "/usr/bin/python3 -B " FLASHLINE_SOURCE_DIR "/tests/reports/read_xlsx.py '" +
                              folder_.path("r.xlsx") + "' > '" + folder_.path("read") + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << folder_.read("read");
  station::expect_harmless(folder_.read("read"), "what the workbook holds");
  // As JSON, in which our own escapes have two backslashes.
  const std::string raw = std::regex_replace(folder_.read("read"), std::regex("\\\\\\\\"), "");
  for (const char* character : {"\\u001b", "\\u0007", "\\u009b", "\\u202e"}) {
    EXPECT_THAT(raw, Not(HasSubstr(character)));
  }
}

TEST_P(EveryOutput, AboutFilesAndTheirContentIsHarmless) {
  const std::string name = GetParam().text;
  const bool is_name = name.find('/') == std::string::npos;
  const std::string file = is_name ? name : "plain";
  folder_.write(file, "not an image");
  folder_.write("folder/" + file, "not an image");
  std::string quoted;
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", c);
    quoted += c >= 0 && c < 0x20 ? std::string(escape) : c == 0x7F ? "\\u007f" : std::string(1, c);
  }
  folder_.write("keys.toml", "[recipe]\nname = \"" + quoted + "\"\n\"" + quoted + "\" = 1\n[device]\nprofile = \"" +
                                 quoted + "\"\n[[step]]\nname = \"" + quoted + "\"\nimage = \"" + quoted + "\"\n");
  folder_.write("raw.toml", name + "\n");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"inspect", file},
                                             {"inspect", "folder"},
                                             {"inspect", "--json", file},
                                             {"inspect", "missing " + file},
                                             {"check", file},
                                             {"check", "keys.toml"},
                                             {"check", "--json", "keys.toml"},
                                             {"check", "raw.toml"},
                                             {"check", "--json", "raw.toml"},
                                             {"list", "--line", "virtual", "--station", "keys.toml"},
                                             {"list", "--line", file},
                                             {"report", "--db", file},
                                             {"audit", "verify", "--db", file},
                                             {"audit", "verify", "--db", "none", "--against", file},
                                             {"db", "merge", file, "--db", "r.db"},
                                             {"flash", "keys.toml", "--line", "virtual", "--job", file}}) {
    const Ran ran = folder_.run(command);
    expect_harmless(ran.out, command[0] + " " + command[1] + ", output");
    expect_harmless(ran.err, command[0] + " " + command[1] + ", errors");
    if (std::ranges::find(command, "--json") != command.end()) expect_json_lines(ran.out, command[0]);
  }
}

// What units, recipes and hooks say while a line runs.
class EveryOutputOfALine : public EveryOutput {
 protected:
  EveryOutputOfALine() {
    recipe_ = std::make_shared<config::Recipe>(*sample_recipe());
    recipe_->name = next(), recipe_->revision = next(), recipe_->file = next();
    recipe_->layout.steps[0].name = next();
    started_ = sample_start("1-1.2", uuids_);
    started_.recipe = recipe_;
    started_.slot = next();
    started_.unit.serial = next(), started_.unit.product = next();
    started_.job = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{next(), next()});
    failed_ = sample_failure(started_);
    failed_.unit = next();
    failed_.serials = {next()};
    failed_.steps[0].name = next();
    failed_.fault->step = next(), failed_.fault->text = next();
  }

  void tell(scheduler::Observer& observer) {
    observer.on(scheduler::UnitArrived{started_.unit, started_.slot, true}, {});
    observer.on(scheduler::VisitBegan{started_.port, started_.slot, started_.visit}, {});
    observer.on(scheduler::AttemptBegan{started_}, {});
    observer.on(scheduler::Progress{started_.attempt, started_.port, started_.slot, dfu::OperationKind::write, next(),
                                    0.5, 1.0},
                {});
    observer.on(scheduler::Judged{started_.unit, started_.slot, failed_.fault, 0, 0}, {});
    observer.on(scheduler::Remarked{make_remark(scheduler::RemarkCode::rung_failed, {}, next(),
                                                {{"rung", next()}, {"fault", next()}, {"detail", next()}})},
                {});
    observer.on(scheduler::JobTaken{started_.job, 5}, {});
    observer.on(scheduler::AttemptEnded{failed_}, {});
    observer.on(scheduler::VerdictReached{started_.port, started_.slot, scheduler::Outcome::failed, 1, {}}, {});
    observer.on(scheduler::UnitLeft{started_.port, started_.slot}, {});
  }

  template <typename Output, typename... Arguments>
  std::string shown(Arguments... arguments) {
    const int file = open(folder_.path("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    {
      LineWriter out(file);
      Output output(out, arguments...);
      output.started(
          {.recipe = recipe_, .station = next(), .line = next(), .job = next(), .database = next(), .log = next()});
      tell(output);
      RunEnd end;
      end.records_problem = next();
      output.ended(end);
    }
    close(file);
    return folder_.read("out");
  }

  db::UuidGenerator uuids_;
  std::shared_ptr<config::Recipe> recipe_;
  scheduler::AttemptStarted started_;
  scheduler::AttemptFinished failed_;
};

TEST_P(EveryOutputOfALine, AsLinesIsHarmless) {
  expect_harmless(shown<ProgressLines>(), "lines");
}

TEST_P(EveryOutputOfALine, AsJsonIsHarmlessAndJson) {
  const std::string out = shown<JsonLines>(RecordContext{
      .station = next(), .installation = {}, .run = std::make_shared<const db::Run>(), .operator_name = next()});
  expect_harmless(out, "JSON");
  expect_json_lines(out, "JSON");
}

TEST_P(EveryOutputOfALine, InTheLogIsHarmlessAndALineEach) {
  std::string file;
  {
    Log log(folder_.path("logs"), -10);
    file = log.file();
    LogObserver observer(log.logger());
    tell(observer);
    log.logger().info("hook {} for {}: says: {}", next(), next(), next());
  }
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  expect_harmless(text.str(), "log");
  std::istringstream lines(text.str());
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(line.starts_with("20")) << line;
}

TEST_P(EveryOutputOfALine, OnTheScreenIsHarmless) {
  LineNow line;
  SlotNow slot{.port = started_.port};
  slot.label = next();
  slot.present = true;
  slot.state = SlotState::verdict;
  slot.verdict = scheduler::Outcome::failed;
  slot.last = Ending{.outcome = scheduler::Outcome::failed, .fault = failed_.fault};
  HubNow hub;
  hub.label = next();
  hub.slots = {slot};
  line.hubs = {hub};
  line.recipe = recipe_;
  const ScreenFacts facts{next(), next(), next(), next(), next()};
  for (const ScreenSize size : {ScreenSize{80, 24}, ScreenSize{30, 8}, ScreenSize{200, 60}}) {
    for (const Row& row : draw(line, facts, {next(), next()}, size)) {
      EXPECT_EQ(problem_of(plain_text(row)), "");
      // Only what the screen itself puts around a piece.
      static const std::regex own("\x1b\\[[0-9;]*m");
      EXPECT_EQ(problem_of(std::regex_replace(terminal_text(row, true), own, "")), "");
      EXPECT_THAT(plain_text(row), Not(HasSubstr("\n")));
    }
  }
}

TEST_P(EveryOutputOfALine, ForPrometheusIsHarmless) {
  board::PrometheusExporter exporter;
  tell(exporter);
  LineNow line;
  line.recipe = recipe_;
  const std::string text = exporter.text(line, next(), {}, 1);
  expect_harmless(text, "metrics");
  std::istringstream lines(text);
  static const std::regex form(R"re((# .*|[a-z_]+(\{([a-z]+="([^"\\]|\\["\\n])*",?)+\})? [0-9.e+Inf-]+))re");
  for (std::string each; std::getline(lines, each);) EXPECT_TRUE(std::regex_match(each, form)) << each;
}

const auto name_of = [](const testing::TestParamInfo<Attack>& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Each, EveryOutput, testing::ValuesIn(attacks), name_of);
INSTANTIATE_TEST_SUITE_P(Each, EveryOutputOfALine, testing::ValuesIn(attacks), name_of);

// The pages put texts into elements, never markup: then no text needs escapes.
TEST(Pages, BuildNoMarkupFromText) {
  int scripts = 0;
  for (const auto& entry : fs::recursive_directory_iterator(FLASHLINE_SOURCE_DIR "/station/board/www")) {
    if (entry.path().extension() != ".js") continue;
    ++scripts;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    for (const char* word : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                             "srcdoc", "createContextualFragment", "DOMParser"}) {
      EXPECT_THAT(text.str(), Not(HasSubstr(word))) << entry.path();
    }
  }
  EXPECT_GT(scripts, 10);
}

}  // namespace
}  // namespace station
