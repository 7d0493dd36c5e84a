// Kill -9: what was acknowledged is there, what was open is reported as interrupted, and the chain holds.
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

enum class Said : std::uint8_t { started, passed };

struct Acknowledged {
  Uuid attempt;
  Said said = Said::started;
};

void acknowledge(int pipe, const Uuid& attempt, Said said) {
  const Acknowledged line{attempt, said};
  if (::write(pipe, &line, sizeof line) != sizeof line) ::_exit(3);
}

// The child: batches of attempts, each told through the pipe once it is committed, until it is killed.
[[noreturn]] void append_for_ever(const std::string& path, int pipe) {
  try {
    UuidGenerator uuids;
    db::Run run = sample::run();
    run.id = uuids.next();
    Store store(path, "line-3", run, uuids);
    while (true) {
      const VisitStarted visit{uuids.next(), now(), "1-1.2", "A2"};
      AttemptStarted first = sample::started(0, 0);
      first.attempt = uuids.next();
      first.visit = visit.visit;
      AttemptStarted second = first;
      second.attempt = uuids.next();
      second.number = 2;
      store.append(std::vector<Record>{visit, first, second});
      acknowledge(pipe, first.attempt, Said::started);
      acknowledge(pipe, second.attempt, Said::started);
      for (const Uuid& attempt : {first.attempt, second.attempt}) {
        AttemptFinished finished = sample::passed(0);
        finished.attempt = attempt;
        store.append(finished);
        acknowledge(pipe, attempt, Said::passed);
      }
    }
  } catch (...) {
    ::_exit(2);
  }
}

// When the child is killed: so many acknowledgements after its start, and a moment later.
struct Moment {
  int acknowledgements = 0;
  std::chrono::microseconds later{};
};

// Kills the child at that moment, and reads until its end has closed the pipe.
void read_and_kill(int pipe, pid_t child, Moment moment, std::map<Uuid, Said>& acknowledged) {
  const auto strike = [&] {
    std::this_thread::sleep_for(moment.later);
    ::kill(child, SIGKILL);
  };
  if (moment.acknowledgements == 0) strike();
  int count = 0;
  Acknowledged line;
  while (::read(pipe, &line, sizeof line) == sizeof line) {
    acknowledged[line.attempt] = line.said;
    if (++count == moment.acknowledgements) strike();
  }
}

void run_and_kill(const std::string& path, Moment moment, std::map<Uuid, Said>& acknowledged) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[0]);
    append_for_ever(path, ends[1]);
  }
  ::close(ends[1]);
  read_and_kill(ends[0], child, moment, acknowledged);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << status;
}

// What a reader says right after the crash, before any writer has come back.
void check_after_crash(const std::string& path, const std::map<Uuid, Said>& acknowledged) {
  const Verification verified = verify_chain(path);
  ASSERT_TRUE(verified.sound()) << (verified.chains.at(0).problem ? verified.chains[0].problem->text : "file");
  std::map<Uuid, Attempt> found;
  for (const Attempt& attempt : Reader(path).attempts()) found[attempt.started.attempt] = attempt;
  for (const auto& [id, said] : acknowledged) {
    ASSERT_TRUE(found.contains(id)) << to_string(id);
    if (said == Said::passed) {
      EXPECT_EQ(found[id].finished.outcome, Outcome::passed);
    }
  }
  for (const auto& [id, attempt] : found) {
    if (attempt.finished.outcome == Outcome::passed) {
      EXPECT_EQ(attempt.finished.steps.size(), 2U);
      continue;
    }
    EXPECT_EQ(attempt.finished.outcome, Outcome::interrupted);
    EXPECT_EQ(attempt.finished.fault->code, "interrupted");
  }
}

TEST(Crash, KilledAtAnyMomentLosesNothingThatWasAcknowledged) {
  const sample::Folder folder;
  const std::string path = folder.file();
  std::map<Uuid, Said> acknowledged;
  std::mt19937 random(20261122);
  // From the first instants of a new database to well into its life.
  std::uniform_int_distribution<int> acknowledgements(1, 40);
  std::uniform_int_distribution<int> later(0, 4000);
  for (int round = 0; round < 15; ++round) {
    const Moment moment = round < 3 ? Moment{0, std::chrono::milliseconds(8 * round)}
                                    : Moment{acknowledgements(random), std::chrono::microseconds(later(random))};
    ASSERT_NO_FATAL_FAILURE(run_and_kill(path, moment, acknowledged));
    if (acknowledged.empty()) continue;  // killed before the first row: there may be no file yet
    ASSERT_NO_FATAL_FAILURE(check_after_crash(path, acknowledged)) << "round " << round;
  }
  EXPECT_GT(acknowledged.size(), 20U);

  // The next writer says for ever what the readers said.
  UuidGenerator uuids;
  db::Run run = sample::run();
  run.id = uuids.next();
  const Store store(path, "line-3", run, uuids);
  for (const Attempt& attempt : Reader(path).attempts()) EXPECT_FALSE(attempt.open);
  EXPECT_TRUE(verify_chain(path).sound());
}

}  // namespace
}  // namespace db
