#include "dfu/exchange.h"

#include <map>

#include <gtest/gtest.h>

#include "tests/dfu/conversation_driver.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;
using Why = Exchange::Failure::Why;

const Profile photon = *find_profile("photon");
const Profile standard = standard_profile({0x0483, 0xDF11}, 0);

struct Sample {
  const char* name;
  std::function<Exchange(const Profile&)> make;
  int transfers;      // of a healthy unit
  State after;        // the state that its GETSTATUS must name
  bool data = false;  // a refusal is asked about
};

const std::vector<Sample> samples{
    {"download", [](const Profile& p) { return Exchange::download(p, 2, Bytes(64, 1)); }, 2, State::dnload_idle, true},
    {"upload", [](const Profile& p) { return Exchange::upload(p, 2, 64); }, 1, State::upload_idle, true},
    {"abort", [](const Profile& p) { return Exchange::abort(p); }, 2, State::dfu_idle},
    {"clear", [](const Profile& p) { return Exchange::clear_status(p); }, 2, State::dfu_idle},
    {"settle", [](const Profile& p) { return Exchange::settle(p); }, 1, State::error},
    {"leave", [](const Profile& p) { return Exchange::leave(p); }, 2, State::manifest},
    {"string", [](const Profile& p) { return Exchange::read_string(p, 4); }, 1, State::dfu_idle},
};

bool asks_status(const Transfer& transfer) {
  return is(transfer.setup, Request::getstatus);
}

TransferResult healthy(const Transfer& transfer, State after) {
  if (asks_status(transfer)) return status_answer(after);
  return {TransferStatus::ok, transfer.setup.in() ? Bytes(transfer.setup.length, 7) : Bytes()};
}

TEST(Exchange, HealthyUnitIsDoneInAsManyTransfersAsItTakes) {
  for (const Sample& sample : samples) {
    ScriptDesk desk([&](const Transfer& transfer) { return healthy(transfer, sample.after); });
    Exchange exchange = sample.make(photon);
    desk.drive(exchange);
    EXPECT_FALSE(exchange.failure()) << sample.name;
    EXPECT_EQ(desk.asked.size(), static_cast<std::size_t>(sample.transfers)) << sample.name;
    EXPECT_TRUE(desk.pauses.empty()) << sample.name;
  }
}

TEST(Exchange, EveryFailureAtEveryPositionEndsItWithExactlyOneReason) {
  for (const Sample& sample : samples) {
    for (int position = 0; position < sample.transfers; ++position) {
      for (const TransferStatus status : failures) {
        int number = 0;
        bool in_status = false;
        ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
          if (number++ != position) return healthy(transfer, sample.after);
          in_status = asks_status(transfer);
          return {status, {}};
        });
        Exchange exchange = sample.make(photon);
        desk.drive(exchange);
        SCOPED_TRACE(std::string(sample.name) + " position " + std::to_string(position));
        const bool asks_why = status == TransferStatus::stall && !in_status && sample.data;
        EXPECT_EQ(number, position + (asks_why ? 2 : 1)) << "nothing more is asked";
        if (std::string_view(sample.name) == "leave") {
          EXPECT_FALSE(exchange.failure());
          continue;
        }
        ASSERT_TRUE(exchange.failure());
        const std::map<TransferStatus, Why> reasons{{TransferStatus::stall, in_status ? Why::status_stall : Why::stall},
                                                    {TransferStatus::timed_out, Why::no_answer},
                                                    {TransferStatus::gone, Why::gone},
                                                    {TransferStatus::io_error, Why::io_error},
                                                    {TransferStatus::cancelled, Why::cancelled}};
        EXPECT_EQ(exchange.failure()->why, reasons.at(status));
      }
    }
  }
}

// Every GETSTATUS answer that is none.
std::vector<Bytes> bad_answers() {
  std::vector<Bytes> bad;
  for (std::size_t size = 0; size < 6; ++size) bad.emplace_back(size, 0);
  for (int status = 16; status < 256; ++status) bad.push_back({static_cast<std::uint8_t>(status), 0, 0, 0, 5, 0});
  for (int state = 11; state < 256; ++state) bad.push_back({0, 0, 0, 0, static_cast<std::uint8_t>(state), 0});
  return bad;
}

TEST(Exchange, EveryAnswerThatIsNoStatusIsNamedSo) {
  for (const Sample& sample : samples) {
    for (const Bytes& bad : bad_answers()) {
      ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
        return asks_status(transfer) ? TransferResult{TransferStatus::ok, bad} : healthy(transfer, sample.after);
      });
      Exchange exchange = sample.make(photon);
      desk.drive(exchange);
      if (desk.count(Request::getstatus) == 0 || std::string_view(sample.name) == "leave") {
        EXPECT_FALSE(exchange.failure());
      } else {
        ASSERT_TRUE(exchange.failure()) << sample.name;
        EXPECT_EQ(exchange.failure()->why, Why::bad_answer) << sample.name;
      }
    }
  }
}

TEST(Exchange, EveryStateAndStatusAfterARequestIsJudged) {
  for (const Sample& sample : samples) {
    const std::string_view name = sample.name;
    if (name == "upload" || name == "string") continue;
    for (int state = 0; state <= 10; ++state) {
      for (int status = 0; status <= 15; ++status) {
        const StatusReport report{static_cast<Status>(status), 0ms, static_cast<State>(state), 0};
        ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
          return asks_status(transfer) ? TransferResult{TransferStatus::ok, encode(report)} : TransferResult{};
        });
        Exchange exchange = sample.make(photon);
        desk.drive(exchange);
        SCOPED_TRACE(std::string(name) + " state " + std::to_string(state) + " status " + std::to_string(status));
        std::optional<Why> wanted;
        const bool waits = report.state == State::dnbusy && (name == "download" || name == "settle");
        if (name == "leave") {
        } else if (waits) {
          wanted = Why::busy;
        } else if (name == "settle") {
        } else if (report.state == State::error || report.status != Status::ok) {
          wanted = Why::error_state;
        } else if (name == "download" && report.state == State::dnload_sync) {
          wanted = Why::busy;
        } else if (report.state != sample.after) {
          wanted = Why::wrong_state;
        }
        EXPECT_EQ(exchange.failure() ? std::optional(exchange.failure()->why) : std::nullopt, wanted);
      }
    }
  }
}

// ---- polls

TEST(Exchange, UnitThatMeansItsPollTimeGetsExactlyThat) {
  int busy = 3;
  ScriptDesk desk([&](const Transfer& transfer) {
    if (!asks_status(transfer)) return TransferResult{};
    return busy-- > 0 ? status_answer(State::dnbusy, Status::ok, 104ms) : status_answer(State::dnload_idle);
  });
  Exchange exchange = Exchange::download(standard, 2, Bytes(64, 1));
  desk.drive(exchange);
  EXPECT_FALSE(exchange.failure());
  EXPECT_EQ(desk.pauses, (std::vector<Duration>{104ms, 104ms, 104ms}));
}

TEST(Exchange, PollTimeOfAFinalAnswerIsNotWaitedFor) {
  for (const Profile& profile : {photon, standard}) {
    ScriptDesk desk([&](const Transfer& transfer) {
      return asks_status(transfer) ? status_answer(State::dnload_idle, Status::ok, 5000ms) : TransferResult{};
    });
    Exchange exchange = Exchange::download(profile, 2, Bytes(64, 1));
    desk.drive(exchange);
    EXPECT_FALSE(exchange.failure());
    EXPECT_TRUE(desk.pauses.empty());
  }
}

TEST(Exchange, UnitThatDoesNotMeanItsPollTimeIsAskedAgainAtOnce) {
  int busy = 1;
  ScriptDesk desk([&](const Transfer& transfer) {
    if (!asks_status(transfer)) return TransferResult{};
    return busy-- > 0 ? status_answer(State::dnbusy, Status::ok, 50ms) : status_answer(State::dnload_idle);
  });
  Exchange exchange = Exchange::download(photon, 2, Bytes(64, 1));
  desk.drive(exchange);
  EXPECT_FALSE(exchange.failure());
  EXPECT_TRUE(desk.pauses.empty());
}

// By elapsed time, not by the number of polls, and whatever poll time the unit names.
TEST(Exchange, UnitThatIsBusyForEverIsGivenUpAtTheLimit) {
  for (const Profile& profile : {photon, standard}) {
    for (const std::chrono::milliseconds poll : {0ms, 1ms, 50ms, 3000ms, 7999ms, 8000ms, 0xFFFFFFms}) {
      for (const State state : {State::dnbusy, State::dnload_sync}) {
        ScriptDesk desk([&](const Transfer& transfer) {
          return asks_status(transfer) ? status_answer(state, Status::ok, poll) : TransferResult{};
        });
        Exchange exchange = Exchange::download(profile, 2, Bytes(64, 1));
        const Duration took = desk.drive(exchange);
        ASSERT_TRUE(exchange.failure());
        EXPECT_EQ(exchange.failure()->why, Why::busy);
        EXPECT_GE(took, profile.busy_limit);
        EXPECT_LE(took, profile.busy_limit + 2ms);
        EXPECT_LE(desk.asked.size(), 4100u);
      }
    }
  }
}

TEST(Exchange, EveryFailureWhileTheUnitIsBusyEndsIt) {
  for (const Profile& profile : {photon, standard}) {
    for (const TransferStatus status : failures) {
      for (int position = 1; position <= 5; ++position) {
        int number = 0;
        ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
          if (!asks_status(transfer)) return {};
          if (++number == position) return {status, {}};
          return number < 20 ? status_answer(State::dnbusy, Status::ok, 5ms) : status_answer(State::dnload_idle);
        });
        Exchange exchange = Exchange::download(profile, 0, dfuse_erase(0x08020000));
        desk.drive(exchange);
        const bool too_early = profile.obey_poll_timeout && status == TransferStatus::stall && position > 1;
        EXPECT_EQ(exchange.failure().has_value(), !too_early);
        EXPECT_EQ(number, too_early ? 20 : position);
      }
    }
  }
}

// STM32L4's ROM (docs/devices.md, "Stalls"); a unit that is asked at once never stalls for that reason.
TEST(Exchange, PollThatIsStalledAsTooEarlyIsRepeatedThreeTimes) {
  for (int stalls = 1; stalls <= 5; ++stalls) {
    int left = stalls;
    ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
      if (!asks_status(transfer)) return {};
      if (left == stalls) return --left, status_answer(State::dnbusy, Status::ok, 7ms);
      if (left-- >= 0) return {TransferStatus::stall, {}};
      return status_answer(State::dnload_idle);
    });
    Exchange exchange = Exchange::download(standard, 0, dfuse_erase(0x08000000));
    desk.drive(exchange);
    EXPECT_EQ(exchange.failure().has_value(), stalls > 3);
  }
}

TEST(Exchange, RefusedDataIsAskedAboutAndTheUnitsReasonIsTold) {
  for (const bool upload : {false, true}) {
    for (int status = 0; status <= 15; ++status) {
      ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
        if (!asks_status(transfer)) return {TransferStatus::stall, {}};
        return status_answer(State::error, static_cast<Status>(status));
      });
      Exchange exchange = upload ? Exchange::upload(standard, 2, 64) : Exchange::download(standard, 2, Bytes(64, 1));
      desk.drive(exchange);
      ASSERT_TRUE(exchange.failure());
      EXPECT_EQ(exchange.failure()->why, status == 0 ? Why::stall : Why::error_state);
      EXPECT_EQ(exchange.failure()->report.status, static_cast<Status>(status));
    }
  }
}

// ---- manifestation

struct Manifestation {
  std::vector<TransferResult> answers;
  bool tolerant = true;
  std::optional<Why> why{};
  Duration pauses{};
};

TEST(Exchange, ManifestationEndsAsTheUnitSays) {
  const TransferResult sync = status_answer(State::manifest_sync, Status::ok, 10ms);
  const TransferResult busy = status_answer(State::manifest, Status::ok, 300ms);
  const TransferResult idle = status_answer(State::dfu_idle);
  const TransferResult waits = status_answer(State::manifest_wait_reset);
  const TransferResult wrong = status_answer(State::error, Status::err_verify);
  const TransferResult gone{TransferStatus::gone, {}}, stall{TransferStatus::stall, {}};
  const std::vector<Manifestation> all{
      {{idle}},
      {{sync, busy, sync, idle}, true, {}, 320ms},
      {{busy}, false, {}, 300ms},
      {{sync, busy}, false, {}, 310ms},
      {{waits}, false},
      {{gone}, false},
      {{stall}, false},
      {{gone}, true, Why::gone},
      {{stall}, true, Why::status_stall},
      {{wrong}, true, Why::error_state},
      {{wrong}, false, Why::error_state},
      {{status_answer(State::dnload_idle)}, true, Why::wrong_state},
      {{{TransferStatus::cancelled, {}}}, false, Why::cancelled},
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::size_t next = 0;
    ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
      if (!asks_status(transfer)) return {};
      return all[i].answers.at(next++);
    });
    Exchange exchange = Exchange::manifest(standard, 7, all[i].tolerant);
    desk.drive(exchange);
    EXPECT_EQ(exchange.failure() ? std::optional(exchange.failure()->why) : std::nullopt, all[i].why) << i;
    EXPECT_EQ(next, all[i].answers.size()) << i;
    Duration waited{};
    for (const Duration pause : desk.pauses) waited += pause;
    EXPECT_EQ(waited, all[i].pauses) << i;
  }
}

// ---- faults

TEST(Exchange, RefusedWorkIsNamedByWhatWasBeingDone) {
  const Exchange::Failure refused{Why::status_stall, {}};
  EXPECT_EQ(fault_of(refused, OperationKind::erase, "x").code, FaultCode::erase_failed);
  EXPECT_EQ(fault_of(refused, OperationKind::write, "x").code, FaultCode::write_failed);
  EXPECT_EQ(fault_of(refused, OperationKind::read, "x").code, FaultCode::stall);
  const Exchange::Failure vendor{Why::error_state, {Status::err_vendor, 0ms, State::error, 0}};
  for (const auto kind : {OperationKind::erase, OperationKind::write, OperationKind::read}) {
    EXPECT_EQ(fault_of(vendor, kind, "x").code, FaultCode::read_protected);
  }
}

TEST(Exchange, EveryReasonHasAFaultWithASentence) {
  for (const Why why : {Why::stall, Why::status_stall, Why::no_answer, Why::gone, Why::io_error, Why::cancelled,
                        Why::bad_answer, Why::wrong_state, Why::error_state, Why::busy}) {
    for (int status = 0; status <= 15; ++status) {
      const Fault fault = fault_of({why, {static_cast<Status>(status), 0ms, State::error, 0}}, OperationKind::write,
                                   "writing user at 0x080a0000");
      EXPECT_NE(fault.code, FaultCode::internal);
      EXPECT_TRUE(fault.text.starts_with("While writing user at 0x080a0000: "));
      EXPECT_TRUE(fault.text.ends_with("."));
    }
  }
}

}  // namespace
}  // namespace dfu
