#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/cli/command.h"
#include "station/cli/report_command.h"
#include "station/cli/virtual_command.h"
#include "station/run/flash_options.h"

namespace station {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::variant<Action, Said> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "flashline");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

template <typename Options>
Options parsed(std::vector<const char*> arguments) {
  const std::variant<Action, Said> result = parse(std::move(arguments));
  if (const Said* said = std::get_if<Said>(&result)) {
    ADD_FAILURE() << said->text;
    return {};
  }
  return std::any_cast<Options>(std::get<Action>(result).options());
}

// What is said about a command line that must be refused.
std::string refused(std::vector<const char*> arguments) {
  const std::variant<Action, Said> result = parse(std::move(arguments));
  const Said* said = std::get_if<Said>(&result);
  if (!said) {
    ADD_FAILURE() << "it was accepted";
    return {};
  }
  EXPECT_EQ(said->status, ExitStatus::usage);
  EXPECT_THAT(said->text, HasSubstr("Hint:"));
  return said->text;
}

TEST(Options, FlashHasTheDefaultsOfTheContract) {
  const auto options = parsed<FlashOptions>({"flash", "r.toml"});
  EXPECT_EQ(options.recipe, "r.toml");
  EXPECT_EQ(options.line, "usb");
  EXPECT_EQ(options.units, 8);
  EXPECT_EQ(options.generation, 3);
  EXPECT_FALSE(options.speed);
  EXPECT_FALSE(options.json);
  EXPECT_FALSE(options.dry_run);
}

TEST(Options, FlashTakesEachOfItsOptions) {
  const auto options = parsed<FlashOptions>(
      {"flash",  "r.toml", "--line",     "virtual", "--units",   "500",    "--generation", "12",        "--speed",
       "20",     "--keep", "units",      "--port",  "1-1.2",     "--port", "L-1.4.2",      "--station", "s.toml",
       "--slot", "A3",     "--operator", "Li Wei",  "--dry-run", "--json", "--db",         "x.db",      "-vv"});
  EXPECT_EQ(options.units, 500);
  EXPECT_EQ(options.generation, 12);
  EXPECT_EQ(options.speed, 20.0);
  EXPECT_EQ(options.keep, "units");
  EXPECT_THAT(options.ports, ElementsAre("1-1.2", "L-1.4.2"));
  EXPECT_THAT(options.slots, ElementsAre("A3"));
  EXPECT_EQ(options.operator_name, "Li Wei");
  EXPECT_TRUE(options.dry_run && options.json);
  EXPECT_EQ(options.verbosity, 2);
}

TEST(Options, EveryWrongCommandLineIsRefusedWithAHint) {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"burn"},
      {"flash"},
      {"flash", "a.toml", "b.toml"},
      {"flash", "r.toml", "--unknown"},
      {"flash", "r.toml", "--units"},
      {"check"},
      {"inspect"},
      {"audit"},
      {"audit", "sign"},
      {"report", "surplus"},
      {"flash", "r.toml", "--line", "virtual", "--units", "0"},
      {"flash", "r.toml", "--line", "virtual", "--units", "-1"},
      {"flash", "r.toml", "--line", "virtual", "--units", "eight"},
      {"flash", "r.toml", "--line", "virtual", "--units", "1001"},
      {"flash", "r.toml", "--line", "virtual", "--speed", "0"},
      {"flash", "r.toml", "--line", "virtual", "--speed", "nan"},
      {"flash", "r.toml", "--units", "8"},
      {"flash", "r.toml", "--line", "line.toml", "--generation", "3"},
      {"flash", "r.toml", "--speed", "2"},
      {"flash", "r.toml", "--keep", "d"},
      {"flash", "r.toml", "--line", "virtual", "--slot", "A3"},
      {"list", "r.toml"},
      {"list", "--units", "8"},
      {"slots"},
      {"slots", "show"},
      {"slots", "learn", "--line", "virtual"},
      {"slots", "learn", "--station", "s.toml", "--first", ""},
      {"slots", "learn", "--station", "s.toml", "--count", "0"},
      {"slots", "learn", "--station", "s.toml", "--ask", "--json"},
      {"slots", "learn", "--station", "s.toml", "--units", "3"},
      {"doctor", "r.toml"},
      {"doctor", "--keep", "d"},
  };
  for (const auto& arguments : wrong) {
    SCOPED_TRACE(arguments.empty() ? "nothing" : std::string(arguments.front()) + " ... " + arguments.back());
    refused(arguments);
  }
}

TEST(Options, AHintNamesTheWholeCommand) {
  EXPECT_THAT(refused({"slots", "learn"}), HasSubstr("'flashline slots learn --help'"));
  EXPECT_THAT(refused({"audit", "verify", "surplus"}), HasSubstr("'flashline audit verify --help'"));
  EXPECT_THAT(refused({}), HasSubstr("'flashline --help'"));
}

TEST(Options, ACommandThatDoesNotExistIsNamed) {
  EXPECT_THAT(refused({"flahs", "r.toml"}), HasSubstr("There is no command 'flahs'"));
  EXPECT_THAT(refused({"audit", "verfy"}), HasSubstr("There is no command 'verfy'"));
  EXPECT_THAT(refused({"audit"}), HasSubstr("command is required"));
}

TEST(Options, AnOptionThatDoesNotExistIsNamedBeforeWhatIsMissing) {
  EXPECT_THAT(refused({"flash", "--bogus"}), HasSubstr("There is no option '--bogus'."));
  EXPECT_THAT(refused({"flash", "--bogus=3", "r.toml"}), HasSubstr("There is no option '--bogus'."));
  EXPECT_THAT(refused({"flash", "r.toml", "--jsno"}),
              HasSubstr("There is no option '--jsno'; did you mean '--json'?\n"));
  EXPECT_THAT(refused({"--bogus"}), HasSubstr("There is no option '--bogus'."));
}

TEST(Options, HelpIsNotGivenForWhatDoesNotExist) {
  EXPECT_THAT(refused({"nosuch", "--help"}), HasSubstr("There is no command 'nosuch'"));
  EXPECT_THAT(refused({"job", "nosuch", "--help"}), HasSubstr("There is no command 'nosuch'"));
  EXPECT_THAT(refused({"flash", "--bogus", "--help"}), HasSubstr("There is no option '--bogus'"));
}

TEST(Options, ColorIsAutoAlwaysOrNever) {
  EXPECT_EQ(parsed<FlashOptions>({"flash", "r.toml"}).color, "auto");
  EXPECT_EQ(parsed<FlashOptions>({"run", "--color", "never"}).color, "never");
  EXPECT_THAT(refused({"flash", "r.toml", "--color", "red"}), HasSubstr("auto, always, never"));
}

TEST(Options, PortsThatAreNoPortsAreRefused) {
  for (const char* port : {"1", "1-", "-1", "1-1.", "1-.1", "1-1..2", "1-a", "", "1-1,2"}) {
    EXPECT_THAT(refused({"flash", "r.toml", "--line", "virtual", "--port", port}), HasSubstr("1-1.2")) << port;
  }
}

TEST(Options, AGenerationThatIsNotModelledIsRefusedWithThoseThatAre) {
  EXPECT_THAT(refused({"flash", "r.toml", "--line", "virtual", "--generation", "4"}), HasSubstr("3, "));
}

TEST(Options, AReportFormatThatDoesNotExistYetIsRefusedWithThoseThatDo) {
  EXPECT_THAT(refused({"report", "--format", "pdf"}), HasSubstr("text, csv, json, jsonl"));
}

TEST(Options, ReportFiltersBecomeAFilter) {
  const auto options = parsed<ReportOptions>(
      {"report", "--lot", "L7", "--recipe", "photon", "--image", "0a1b", "--unit", "00000000010C", "--slot", "A3",
       "--outcome", "failed", "--since", "2026-11-22T06:00:00Z", "--until", "2026-11-23T00:00:00.500+01:00"});
  EXPECT_EQ(options.filter.lot, "L7");
  EXPECT_EQ(options.filter.recipe, "photon");
  EXPECT_EQ(options.filter.image, "0a1b");
  EXPECT_EQ(options.filter.unit, "00000000010C");
  EXPECT_EQ(options.filter.slot, "A3");
  EXPECT_EQ(options.filter.outcome, db::Outcome::failed);
  EXPECT_FALSE(options.filter.job);
  using namespace std::chrono;
  const db::Time six = sys_days(year(2026) / 11 / 22) + hours(6);
  EXPECT_EQ(options.filter.since, six);
  EXPECT_EQ(options.filter.until, db::Time(sys_days(year(2026) / 11 / 22) + hours(23) + milliseconds(500)));
}

TEST(Options, ADayOfAReportIsItsFirstMomentToThatOfTheNext) {
  const auto day = parsed<ReportOptions>({"report", "--day", "2026-11-22", "--operator", "Ada", "--by", "slot"});
  const auto times = parsed<ReportOptions>({"report", "--since", "2026-11-22", "--until", "2026-11-23"});
  EXPECT_TRUE(day.filter.since);
  EXPECT_EQ(day.filter.since, times.filter.since);
  EXPECT_EQ(day.filter.until, times.filter.until);
  EXPECT_EQ(day.filter.operator_name, "Ada");
  EXPECT_EQ(day.by, reports::By::slot);
}

TEST(Options, TimesAndOutcomesThatAreNoneAreRefused) {
  EXPECT_THAT(refused({"report", "--since", "yesterday"}), HasSubstr("2026-11-22"));
  EXPECT_THAT(refused({"report", "--until", "22.11.2026"}), HasSubstr("2026-11-22"));
  EXPECT_THAT(refused({"report", "--outcome", "good"}), HasSubstr("passed"));
  EXPECT_THAT(refused({"report", "--day", "2026-02-30"}), HasSubstr("2026-11-22"));
  EXPECT_THAT(refused({"report", "--day", "2026-11-22", "--since", "2026-11-22"}), HasSubstr("--day"));
  EXPECT_THAT(refused({"report", "--by", "colour"}), HasSubstr("job, lot, recipe, image, unit, slot"));
  EXPECT_THAT(refused({"report", "--by", "slot", "--format", "jsonl"}),
              HasSubstr("--by is text, csv, json, html or xlsx"));
  EXPECT_THAT(refused({"report", "--by", "slot", "--summary"}), HasSubstr("ask for one of them"));
  EXPECT_THAT(refused({"report", "--holds", "x", "--format", "xlsx"}), HasSubstr("--holds is text, csv or json"));
  EXPECT_THAT(refused({"report", "--fields", "--format", "csv"}), HasSubstr("--fields is text or json"));
}

TEST(Options, HelpIsNoErrorAndNamesEveryCommand) {
  const auto result = parse({"--help"});
  const Said& said = std::get<Said>(result);
  EXPECT_EQ(said.status, ExitStatus::passed);
  for (const char* command : {"flash", "run", "check", "inspect", "list", "slots", "doctor", "report", "audit", "label",
                              "release", "job", "db", "operator", "virtual"}) {
    EXPECT_THAT(said.text, HasSubstr(command));
  }
}

TEST(Options, HelpOfACommandIsAboutThatCommand) {
  const auto flash = parse({"flash", "--help"});
  EXPECT_THAT(std::get<Said>(flash).text, HasSubstr("--dry-run"));
  EXPECT_THAT(std::get<Said>(flash).text, HasSubstr("flashline flash"));
  EXPECT_THAT(std::get<Said>(flash).text, HasSubstr("Example:\n  flashline flash "));
  EXPECT_THAT(std::get<Said>(flash).text, HasSubstr("(default: usb)"));
  const auto report = parse({"report", "--help"});
  EXPECT_THAT(std::get<Said>(report).text, HasSubstr("--format text|csv|json|jsonl|html|xlsx|certificate"));
  EXPECT_THAT(std::get<Said>(report).text, HasSubstr("--by job|lot|recipe|image|unit|slot|hub|operator"));
  EXPECT_THAT(std::get<Said>(report).text, HasSubstr("--outcome passed|already|failed"));
  const auto verify = parse({"audit", "verify", "--help"});
  EXPECT_THAT(std::get<Said>(verify).text, HasSubstr("--db"));
}

TEST(Options, VersionNamesProgramAndLibraries) {
  const auto result = parse({"--version"});
  EXPECT_EQ(std::get<Said>(result).status, ExitStatus::passed);
  for (const char* part : {"flashline 0.", "Qt 6", "SQLite 3", "oneTBB", "libsodium", "toml++", "spdlog", "CLI11"}) {
    EXPECT_THAT(std::get<Said>(result).text, HasSubstr(part));
  }
}

TEST(Options, VirtualListensOnThisMachineOnly) {
  const auto options = parsed<VirtualOptions>({"virtual"});
  EXPECT_EQ(options.line, "virtual");
  EXPECT_EQ(options.units, 8);
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.tcp_port, 3240);
}

TEST(Options, VirtualTakesTheOptionsOfAVirtualLineAndAnAddress) {
  const auto options = parsed<VirtualOptions>({"virtual", "--units", "500", "--generation", "12", "--speed", "20",
                                               "--keep", "units", "--listen", "[::1]:3241", "-v"});
  EXPECT_EQ(options.units, 500);
  EXPECT_EQ(options.generation, 12);
  EXPECT_EQ(options.speed, 20.0);
  EXPECT_EQ(options.keep, "units");
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.tcp_port, 3241);
  EXPECT_TRUE(options.verbose);
}

TEST(Options, VirtualRefusesWhatIsNoAddressAndUnitsThatAreNotVirtual) {
  for (const char* address : {"127.0.0.1", "127.0.0.1:", ":3240", "[]:3240", "127.0.0.1:70000", "127.0.0.1:-1",
                              "127.0.0.1:32x", "127.0.0.1:3240 "}) {
    EXPECT_THAT(refused({"virtual", "--listen", address}), HasSubstr("write 127.0.0.1:3240"));
  }
  EXPECT_THAT(refused({"virtual", "--line", "usb"}), HasSubstr("--line virtual"));
  EXPECT_THAT(refused({"virtual", "--line", "x.toml", "--units", "3"}), HasSubstr("--units"));
}

}  // namespace
}  // namespace station
