// Hooks with real programs: small shell scripts that leave files behind. First the facts, then the queue with its
// threads, then the built program.
#include "station/sinks/hooks.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/station/control_client.h"
#include "tests/station/program.h"
#include "tests/station/sample_values.h"

namespace station {
namespace {

using scheduler::Outcome;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

void wait_until(const std::function<bool()>& so) {
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (!so()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never came";
    std::this_thread::sleep_for(5ms);
  }
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

QJsonObject json(const std::string& text) {
  return QJsonDocument::fromJson(QByteArray::fromStdString(text)).object();
}

TEST(HookFacts, AHookFollowsTheOutcomesThatItNames) {
  const std::map<Outcome, bool> expected = {{Outcome::passed, true},     {Outcome::already, false},
                                            {Outcome::failed, false},    {Outcome::error, true},
                                            {Outcome::cancelled, false}, {Outcome::interrupted, false}};
  const config::HookConfig hook{{"passed", "error"}, {"/bin/true"}};
  for (const auto& [outcome, fired] : expected) EXPECT_EQ(fires(hook, outcome), fired) << to_string(outcome);
}

TEST(HookFacts, WhatIsKnownIsToldAndTheRestIsEmpty) {
  db::UuidGenerator uuids;
  const HookContext context{"line-3", "/r.db"};
  const scheduler::VerdictReached failed{{"1-1.2"}, "A2", Outcome::failed, 1, {}};
  scheduler::AttemptFinished last = sample_failure(sample_start("1-1.2", uuids));
  last.unit = "3b0041";
  last.started.job = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{"J7", ""});
  EXPECT_THAT(hook_environment(context, failed, "v", last),
              ElementsAre("FLASHLINE_OUTCOME=failed", "FLASHLINE_PORT=1-1.2", "FLASHLINE_SLOT=A2",
                          "FLASHLINE_ATTEMPT=" + last.started.attempt, "FLASHLINE_VISIT=v", "FLASHLINE_UNIT=3b0041",
                          "FLASHLINE_SERIAL=00000000050C", "FLASHLINE_FAULT=verify-mismatch", "FLASHLINE_JOB=J7",
                          "FLASHLINE_STATION=line-3", "FLASHLINE_RECIPE=made-up", "FLASHLINE_DATABASE=/r.db"));
  last.serials.clear();
  last.started.unit.serial = "a\nPATH=x";
  EXPECT_THAT(hook_environment(context, failed, "v", last), Contains("FLASHLINE_SERIAL=a\\u000aPATH=x"));
  const scheduler::VerdictReached stopped{{"1-1.2"}, "", Outcome::cancelled, 0, {}};
  EXPECT_THAT(hook_environment({"line-3", "/r.db"}, stopped, "v", {}),
              ElementsAre("FLASHLINE_OUTCOME=cancelled", "FLASHLINE_PORT=1-1.2",
                          "FLASHLINE_SLOT=", "FLASHLINE_ATTEMPT=", "FLASHLINE_VISIT=v", "FLASHLINE_UNIT=",
                          "FLASHLINE_SERIAL=", "FLASHLINE_FAULT=", "FLASHLINE_JOB=", "FLASHLINE_STATION=line-3",
                          "FLASHLINE_RECIPE=", "FLASHLINE_DATABASE=/r.db"));
}

class HookRuns : public testing::Test {
 protected:
  // A program in the desk's folder; `$d` in it is that folder.
  std::string script(const std::string& name, const std::string& text) {
    folder_.write(name, "#!/bin/sh\nd=" + folder_.path("") + "\n" + text + "\n");
    std::filesystem::permissions(folder_.path(name), std::filesystem::perms::owner_all);
    return folder_.path(name);
  }
  static config::HookConfig hook(const std::string& program, dfu::Duration timeout = 60s) {
    return {{"passed", "failed", "cancelled"}, {program, "--green", "a b"}, timeout};
  }
  Hooks& start(std::vector<config::HookConfig> hooks) {
    hooks_ = std::make_unique<Hooks>(
        RecordContext{.station = "line-3", .installation = {}, .run = run_, .operator_name = ""}, "/r.db",
        std::move(hooks), logger_);
    return *hooks_;
  }
  void verdict(const scheduler::AttemptFinished& last) {
    const scheduler::AttemptStarted& started = last.started;
    hooks_->on(scheduler::VisitBegan{started.port, started.slot, started.visit}, {});
    hooks_->on(scheduler::AttemptBegan{started}, {});
    hooks_->on(scheduler::AttemptEnded{last}, {});
    hooks_->on(scheduler::VerdictReached{started.port, started.slot, last.outcome, 1, {}}, {});
  }
  void pass(const std::string& port = "1-1.2") { verdict(sample_pass(sample_start(port, uuids_))); }
  void all_over() { ASSERT_TRUE(hooks_->over(60s)); }
  std::string log() {
    all_over();
    return log_.str();
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(folder_.path(name)); }
  // Gone, or dead and not yet collected by the process that inherited it.
  bool dead(const std::string& name) const {
    const std::string process = folder_.read(name);
    std::ifstream file("/proc/" + process.substr(0, process.find('\n')) + "/stat");
    std::string number, command, state;
    return !(file >> number >> command >> state) || state == "Z";
  }

  ProgramFolder folder_;
  db::UuidGenerator uuids_;
  std::shared_ptr<const db::Run> run_ = std::make_shared<const db::Run>();
  std::ostringstream log_;
  spdlog::logger logger_{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)};
  std::unique_ptr<Hooks> hooks_;
};

TEST_F(HookRuns, FactsArriveInArgumentsEnvironmentAndStdinAndNothingElseDoes) {
  setenv("SECRET_OF_THE_STATION", "1", 1);
  start({hook(script("tell", "env > $d/env\ncat > $d/in\nprintf '%s|' \"$@\" > $d/arguments"))});
  scheduler::AttemptStarted started = sample_start("1-1.2", uuids_);
  started.job = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{"J7", ""});
  const scheduler::AttemptFinished last = sample_pass(started);
  verdict(last);
  EXPECT_EQ(log().find("warning"), std::string::npos) << log();
  EXPECT_EQ(folder_.read("arguments"), "--green|a b|");
  const std::string environment = folder_.read("env");
  EXPECT_THAT(environment, HasSubstr("FLASHLINE_OUTCOME=passed\n"));
  EXPECT_THAT(environment, HasSubstr("FLASHLINE_VISIT=" + last.started.visit + "\n"));
  EXPECT_THAT(environment, HasSubstr("\nPATH="));
  EXPECT_THAT(environment, Not(HasSubstr("SECRET")));
  const std::string input = folder_.read("in");
  EXPECT_EQ(std::ranges::count(input, '\n'), 1);
  EXPECT_EQ(json(input)["event"].toString(), "attempt_finished");
  EXPECT_EQ(json(input)["attempt"].toString().toStdString(), last.started.attempt);
  EXPECT_EQ(json(input)["job"].toString(), "J7");
}

TEST_F(HookRuns, AVerdictIsOneRunHoweverManyAttemptsItTook) {
  start({hook(script("note", "echo $FLASHLINE_OUTCOME >> $d/runs\ncat > $d/in"))});
  scheduler::AttemptStarted started = sample_start("1-1.2", uuids_);
  hooks_->on(scheduler::VisitBegan{started.port, started.slot, started.visit}, {});
  hooks_->on(scheduler::AttemptBegan{started}, {});
  hooks_->on(scheduler::AttemptEnded{sample_failure(started)}, {});
  started.number = 2;
  verdict(sample_pass(started));
  all_over();
  EXPECT_EQ(folder_.read("runs"), "passed\n");
  EXPECT_EQ(json(folder_.read("in"))["number"].toInt(), 2);
}

TEST_F(HookRuns, AUnitStoppedBeforeItsFirstAttemptHasNoJson) {
  start({hook(script("note", "cat > $d/in\necho \"$FLASHLINE_VISIT/$FLASHLINE_ATTEMPT\" > $d/ids"))});
  verdict(sample_pass(sample_start("1-1.2", uuids_)));  // whose attempt is not the next one's
  all_over();
  hooks_->on(scheduler::VisitBegan{{"1-1.2"}, "A2", "v2"}, {});
  hooks_->on(scheduler::VerdictReached{{"1-1.2"}, "A2", Outcome::cancelled, 0, {}}, {});
  all_over();
  EXPECT_EQ(folder_.read("ids"), "v2/\n");
  EXPECT_EQ(folder_.read("in"), "");
}

TEST_F(HookRuns, OneThatHangsAndHeedsNoSignalIsEndedWithItsGroupAndTheOthersRun) {
  start({hook(script("hang", "trap '' TERM\nsleep 1000 &\necho $! > $d/child\nwait"), 500ms),
         hook(script("well", "echo $FLASHLINE_PORT >> $d/well.out"))});
  pass("1-1.1");
  pass("1-1.2");
  EXPECT_EQ(count(log(), "hang for A2 (1-1.1): was not done in time and was ended"), 1u) << log();
  EXPECT_EQ(count(log(), "warning"), 2u) << log();
  EXPECT_EQ(count(folder_.read("well.out"), "1-1."), 2u);
  wait_until([&] { return dead("child"); });
}

TEST_F(HookRuns, OneThatIsLateIsToldBeforeItIsKilled) {
  start({hook(script("late", "trap 'echo told > $d/told; exit 0' TERM\nwhile :; do sleep 0.05; done"), 2s)});
  pass();
  EXPECT_THAT(log(), HasSubstr("was not done in time"));
  EXPECT_EQ(folder_.read("told"), "told\n");
}

TEST_F(HookRuns, WhatAProgramLeavesBehindInItsGroupEndsWithIt) {
  start({hook(script("leave", "sleep 1000 &\necho $! > $d/child"))});
  pass();
  EXPECT_THAT(log(), HasSubstr("leave for A2 (1-1.2): done"));
  wait_until([&] { return dead("child"); });
}

TEST_F(HookRuns, OneThatIsMissingOrFailsIsAWarningWithItsReason) {
  const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  start({hook(folder_.path("none")), hook(script("bad", "exit 3")), hook(script("piped", "kill -PIPE $$"))});
  pass();
  all_over();
  std::signal(SIGPIPE, ignored);
  EXPECT_EQ(count(log(), "warning"), 3u) << log();
  EXPECT_THAT(log(), HasSubstr("none for A2 (1-1.2): cannot be started: No such file or directory"));
  EXPECT_THAT(log(), HasSubstr("bad for A2 (1-1.2): ended with status 3"));
  EXPECT_THAT(log(), HasSubstr("piped for A2 (1-1.2): was ended by signal 13"));
}

TEST_F(HookRuns, TheLogHasTheFirstKilobyteOfWhatAProgramSays) {
  start({hook(script("talk", "echo out\necho err >&2\nyes 0123456 | head -c 500000\necho over > $d/over"))});
  pass();
  EXPECT_THAT(log(), HasSubstr("says: out"));
  EXPECT_THAT(log(), HasSubstr("says: err"));
  EXPECT_EQ(count(log(), "says: 0123456"), (1024 - 8) / 8u);
  EXPECT_EQ(folder_.read("over"), "over\n");
}

TEST_F(HookRuns, WhenTooManyWaitTheOldestAreDropped) {
  start({hook(script("slow", "touch $d/ran-$FLASHLINE_PORT\nwhile [ ! -e $d/go ]; do sleep 0.05; done"))});
  const auto name = [](int i) { return "1-1." + std::to_string(i); };
  const auto ran = [&](int i) { return exists("ran-" + name(i)); };
  for (int i = 0; i < 4; ++i) pass(name(i));
  wait_until([&] { return ran(0) && ran(1) && ran(2) && ran(3); });
  for (int i = 4; i < 4 + 64 + 2; ++i) pass(name(i));
  EXPECT_FALSE(ran(6)) << "no more than four at once";
  folder_.write("go", "");
  EXPECT_EQ(count(log(), "not run, too many wait"), 2u);
  for (int i = 0; i < 70; ++i) EXPECT_EQ(ran(i), i != 4 && i != 5) << i;
}

TEST_F(HookRuns, NoZombieAndNoDescriptorIsLeftAndNoneIsInherited) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  folder_.write("marked", "");
  const int unmarked = open(folder_.path("marked").c_str(), O_RDONLY);  // not closed on exec: a library's mistake
  start({hook(script("look", "readlink /proc/$$/fd/* >> $d/seen")), hook(folder_.path("none"))});
  const auto before = open_files();
  for (int i = 0; i < 20; ++i) pass();
  all_over();
  EXPECT_EQ(open_files(), before);
  close(unmarked);
  EXPECT_EQ(count(folder_.read("seen"), "pipe:"), 20u) << "it sees its own, stderr for one";
  EXPECT_EQ(count(folder_.read("seen"), "marked"), 0u);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// And never a higher one than the station was started with: `nice -n 15 flashline run`.
TEST_F(HookRuns, AProgramHasLowPriority) {
  for (const int own : {getpriority(PRIO_PROCESS, 0), 15}) {
    // In a thread of its own, because not everybody may go back to a lower niceness.
    std::thread([&] {
      const auto thread = static_cast<id_t>(gettid());
      setpriority(PRIO_PROCESS, thread, std::max(own, getpriority(PRIO_PROCESS, thread)));
      const int here = getpriority(PRIO_PROCESS, thread);
      start({hook(script("nice", "cut -d' ' -f19 /proc/$$/stat > $d/nice.out"))});
      pass();
      all_over();
      EXPECT_EQ(folder_.read("nice.out"), std::to_string(std::max(10, here)) + "\n");
    }).join();
  }
}

TEST_F(HookRuns, AtTheEndEverythingIsOverAfterOneTimeLimit) {
  start({hook(script("hang", "exec sleep 1000"), 500ms)});
  for (int i = 0; i < 30; ++i) pass();
  hooks_->close();
  EXPECT_EQ(count(log(), "warning"), 30u);
  EXPECT_GE(count(log(), "not run, the program ends"), 30u - 8) << "four began before the end, four may have after it";
}

TEST_F(HookRuns, NewHooksHoldFromTheNextVerdictOn) {
  start({});
  pass();
  hooks_->reload({hook(script("first", "echo first >> $d/runs"))});
  pass();
  all_over();
  hooks_->reload({hook(script("second", "echo second >> $d/runs"))});
  pass();
  all_over();
  hooks_->reload({});
  pass();
  all_over();
  EXPECT_EQ(folder_.read("runs"), "first\nsecond\n");
}

// The built program.
class HooksOfTheProgram : public HookRuns {
 protected:
  std::vector<QJsonObject> told(const char* event) const {
    std::vector<QJsonObject> all;
    std::istringstream lines(folder_.read("stdout"));
    for (std::string line; std::getline(lines, line);) {
      if (json(line)["event"].toString() == event) all.push_back(json(line));
    }
    return all;
  }
};

TEST_F(HooksOfTheProgram, FlashRunsThemForEveryUnitAndKeepsItsExitStatus) {
  script("note", "cat > $d/in-$FLASHLINE_PORT\necho $FLASHLINE_DATABASE >> $d/databases\nexit 7");
  folder_.write("station.toml", "[[hook]]\nrun = [\"note\"]\n");
  const std::vector<std::string> command = {"flash",   example_recipe(), "--db",        "r.db",    "--line",
                                            "virtual", "--units",        "2",           "--speed", "20",
                                            "--json",  "--station",      "station.toml"};
  std::vector<std::string> dry = command;
  dry.push_back("--dry-run");
  EXPECT_EQ(folder_.run(dry).status, 0);
  EXPECT_FALSE(exists("databases")) << "a dry run gives no verdict on a unit";
  const Ran ran = folder_.run(command);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(count(ran.err, "note for "), 2u) << ran.err;
  EXPECT_EQ(folder_.read("databases"), folder_.path("r.db") + "\n" + folder_.path("r.db") + "\n");
  const std::vector<QJsonObject> finished = told("attempt_finished");
  ASSERT_EQ(finished.size(), 2u);
  for (QJsonObject expected : finished) {
    QJsonObject given = json(folder_.read("in-" + expected["port"].toString().toStdString()));
    EXPECT_FALSE(given["time"].toString().isEmpty());
    // Each looks at the clock when it is told.
    for (const char* moment : {"time", "started", "finished"}) expected.remove(moment), given.remove(moment);
    EXPECT_EQ(QJsonDocument(given).toJson().toStdString(), QJsonDocument(expected).toJson().toStdString());
  }
}

TEST_F(HooksOfTheProgram, RunTakesNewOnesWhenItsFilesAreReadAgain) {
  script("first", "echo first $FLASHLINE_OUTCOME >> $d/runs");
  script("second", "echo second $FLASHLINE_OUTCOME >> $d/runs");
  const auto station = [&](const std::string& program) {
    folder_.write("station.toml",
                  "insert_after = 0.1\n[[hook]]\non = [\"passed\", \"already\"]\nrun = [\"" + program + "\"]\n");
  };
  station("first");
  folder_.write("line.toml",
                "[line]\nspeed = 5\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n"
                "generation = 12\nstarts = \"absent\"\n");
  const int process = folder_.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "line.toml", "--station", "station.toml", "--json"});
  ControlClient control(folder_.path("line.ctl"));
  const auto runs = [&](std::size_t lines) {
    const std::string all = folder_.read("runs");
    return static_cast<std::size_t>(std::ranges::count(all, '\n')) == lines;
  };
  EXPECT_EQ(control.say("plug 1-1.2"), "ok");
  wait_until([&] { return runs(1); });
  station("second");
  kill(process, SIGHUP);
  const std::size_t left = told("unit_left").size();
  EXPECT_EQ(control.say("pull 1-1.2"), "ok");
  wait_until([&] { return told("unit_left").size() > left; });
  EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
  wait_until([&] { return runs(2); });
  kill(process, SIGTERM);
  EXPECT_EQ(folder_.finish(process).status, 130);
  EXPECT_EQ(folder_.read("runs"), "first passed\nsecond passed\n");
}

}  // namespace
}  // namespace station
