// Exactly one answer, whatever happens.
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "dfu/virtual/line.h"
#include "tests/dfu/virtual/diary.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu::virt {
namespace {

using namespace testing;
using namespace std::chrono_literals;

constexpr std::uint32_t user_at = 0x080A0000;

// A flash of two blocks, one transfer after the other; `strike(n)` is called while the n-th is under way.
struct Chain {
  explicit Chain(Line& the_line) : line(the_line), unit(the_line.handle()) {
    const auto add = [&](std::uint16_t block, const Bytes& data) {
      todo.push_back({setup(Request::dnload, block, static_cast<std::uint16_t>(data.size())), data, 5s});
      for (int i = 0; i < 2; ++i) todo.push_back({setup(Request::getstatus, 0, 6), {}, 5s});
    };
    add(0, dfuse_erase(user_at));
    add(0, dfuse_set_address(user_at));
    add(2, Bytes(4096, 1));
    add(3, Bytes(1000, 2));
    todo.push_back({setup(Request::abort, 0, 0), {}, 5s});
    todo.push_back({setup(Request::upload, 2, 4096), {}, 5s});
    todo.push_back({setup(Request::abort, 0, 0), {}, 5s});
    todo.push_back({setup(Request::dnload, 2, 0), {}, 5s});
    todo.push_back({setup(Request::getstatus, 0, 6), {}, 5s});
  }

  void run(std::size_t strike_at, const std::function<void()>& strike) {
    line.line.open(unit, {{0, 0}}, [this](OpenResult result) {
      opened = result.status;
      next();
    });
    for (std::size_t turn = 0;; ++turn) {
      if (answers.size() == strike_at && !struck && opened) {
        struck = true;
        line.clock.run(line.clock.now() + 100us);  // in the middle of it
        strike();
      }
      if (!line.clock.step()) break;
    }
  }
  void next() {
    if (answers.size() == todo.size()) return;
    const std::size_t mine = answers.size();
    line.line.submit(unit, todo[mine], [this, mine](TransferResult result) {
      EXPECT_EQ(answers.size(), mine) << "answered once";
      answers.push_back(result.status);
      if (result.status != TransferStatus::gone) next();
    });
    EXPECT_EQ(answers.size(), mine) << "never from inside the call";
  }

  Line& line;
  UnitHandle unit;
  std::vector<Transfer> todo;
  std::vector<TransferStatus> answers;
  std::optional<OpenStatus> opened;
  bool struck = false;
};
constexpr std::size_t chain_length = 17;

TEST(VirtualLine, EveryTransferIsAnsweredOnceWhenTheUnitIsPulledDuringAnyOfThem) {
  for (const int generation : {3, 12}) {
    for (std::size_t n = 0; n < chain_length; ++n) {
      Line line(one_unit(generation));
      Chain chain(line);
      ASSERT_EQ(chain.todo.size(), chain_length);
      chain.run(n, [&] { line.line.pull(first); });
      ASSERT_GT(chain.answers.size(), n);
      for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(chain.answers[i], TransferStatus::ok);
      EXPECT_EQ(chain.answers[n], TransferStatus::io_error) << n;
      EXPECT_TRUE(chain.answers.back() == TransferStatus::gone || chain.answers.size() == chain_length);
      EXPECT_EQ(line.diary.back(), "-1-1.1");
      EXPECT_FALSE(line.line.present(first));
    }
  }
}

TEST(VirtualLine, EveryTransferIsAnsweredOnceWhenAnyOfThemIsCancelled) {
  for (std::size_t n = 0; n < chain_length; ++n) {
    Line line(one_unit(12));
    Chain chain(line);
    chain.run(n, [&] { line.line.cancel(chain.unit); });
    ASSERT_EQ(chain.answers.size(), chain_length);
    EXPECT_EQ(chain.answers[n], TransferStatus::cancelled) << n;
  }
}

TEST(VirtualLine, EveryTransferIsAnsweredOnceWhenTheUnitIsClosedOrResetDuringAnyOfThem) {
  for (const bool closing : {false, true}) {
    for (std::size_t n = 0; n < chain_length; ++n) {
      Line line(one_unit(12));
      Chain chain(line);
      int done = 0;
      chain.run(n, [&] {
        if (closing) {
          line.line.close(chain.unit, [&] { ++done; });
        } else {
          line.line.reset(chain.unit, [&](ResetStatus) { ++done; });
        }
      });
      EXPECT_EQ(done, 1);
      ASSERT_GT(chain.answers.size(), n);
      EXPECT_EQ(chain.answers[n], closing ? TransferStatus::cancelled : TransferStatus::io_error) << n;
    }
  }
}

TEST(VirtualLine, AUnitCutAfterAnyTransferAnswersThatOneAndNoMore) {
  for (const int generation : {3, 12}) {
    for (std::size_t n = 1; n <= chain_length; ++n) {
      Line line(one_unit(generation));
      line.line.with_unit(first, [&](VirtualUnit& unit) { unit.cut_after(static_cast<std::uint32_t>(1 + n)); });
      Chain chain(line);
      chain.run(chain_length, [] {});
      for (std::size_t i = 0; i < n; ++i) {
        const bool drops = generation == 3 && i + 1 == chain_length;
        EXPECT_EQ(chain.answers[i] == TransferStatus::ok, !drops) << n << " " << i;
      }
      for (std::size_t i = n; i < chain.answers.size(); ++i) EXPECT_NE(chain.answers[i], TransferStatus::ok) << n;
      EXPECT_EQ(line.diary.back(), "-1-1.1") << "it stays away";
      line.line.with_unit(first, [&](VirtualUnit& unit) { EXPECT_EQ(unit.transfers(), 1 + n); });
    }
  }
}

TEST(VirtualLine, ACutDuringTheOpenIsAnOpenOfAUnitThatHasGone) {
  Line line(one_unit(3, {{FaultKind::unplug, *fault_point_from("request:1"), 1}}));
  EXPECT_EQ(line.open().status, OpenStatus::gone);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "-1-1.1");
}

TEST(VirtualLine, PullingInTheMiddleOfAnEraseLeavesTheSectorUndefined) {
  Line line(one_unit(3));
  line.line.with_unit(first, [](VirtualUnit& unit) { unit.flash().place(user_at, Bytes(0x20000, 0x42)); });
  line.open();
  line.download(0, dfuse_erase(user_at));
  std::optional<TransferStatus> answer;
  line.line.submit(line.handle(), {setup(Request::getstatus, 0, 6), {}, 5s},
                   [&](TransferResult result) { answer = result.status; });
  line.clock.run(line.clock.now() + 300ms);
  line.line.pull(first);
  line.clock.run();
  EXPECT_EQ(answer, TransferStatus::io_error);
  line.line.with_unit(first, [](VirtualUnit& unit) {
    int blank = 0, old = 0;
    for (const auto byte : unit.flash().view({user_at, user_at + 0x20000})) {
      blank += byte == 0xFF;
      old += byte == 0x42;
    }
    EXPECT_LT(blank, 0x20000);
    EXPECT_LT(old, 0x20000);
  });
}

TEST(VirtualLine, PullingAndPluggingAtEveryMomentOfAReturnKeepsArrivalsAndDeparturesInPairs) {
  for (int moment = 0; moment <= 80; ++moment) {
    Line line(one_unit(3));
    line.open();
    line.download(2, {});
    line.status();
    line.clock.run(line.clock.now() + moment * 10ms);
    line.line.pull(first);
    line.clock.run(line.clock.now() + 30ms);
    line.line.plug(first);
    line.clock.run();  // the diary checks the order by itself
    EXPECT_EQ(line.diary.back(), "+1-1.1 dfu") << moment;
    EXPECT_TRUE(line.line.present(first));
  }
}

TEST(VirtualLine, AfterItsEndNoCallbackComes) {
  scheduler::VirtualClock clock;
  int answers = 0;
  {
    VirtualLine line(photon_line(3, 3), clock);
    line.start([&](const BusEvent&) { ++answers; });
    line.close(1, [&] { ++answers; });
  }
  clock.run();
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace dfu::virt
