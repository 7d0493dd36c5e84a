// Carries conversations out in the test's own thread and on a time of its own, against anything that answers transfers:
// a script, or a virtual unit. Keeps what was asked.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "dfu/conversation.h"
#include "dfu/profile.h"
#include "dfu/protocol.h"
#include "dfu/virtual/unit.h"

namespace dfu {

class ConversationDriver {
 public:
  virtual ~ConversationDriver() = default;

  // Until the conversation asks for nothing. The time that it took.
  template <class Conversation>
  Duration drive(Conversation& conversation) {
    const Duration begun = now;
    Ask ask = conversation.begin(now);
    for (int steps = 0; !std::holds_alternative<Finished>(ask); ++steps) {
      if (steps == most_steps) {
        ADD_FAILURE() << "the conversation does not end";
        break;
      }
      ask = conversation.answer(carry_out(ask), now);
    }
    return now - begun;
  }

  int count(Request request) const {
    return static_cast<int>(std::ranges::count_if(asked, [request](const Setup& one) {
      return (one.request_type & 0x60) == 0x20 && one.request == static_cast<std::uint8_t>(request);
    }));
  }

  Duration now{};
  std::vector<Setup> asked;
  std::vector<Duration> pauses;
  int resets = 0;

 protected:
  static constexpr int most_steps = 100000;

  virtual TransferResult transfer(const Transfer& transfer) = 0;  // lets its time pass
  virtual ResetStatus reset() { return ResetStatus::ok; }

 private:
  Answer carry_out(const Ask& ask) {
    if (const auto* pause = std::get_if<Pause>(&ask)) {
      EXPECT_GE(pause->duration, Duration{});
      pauses.push_back(pause->duration);
      now += pause->duration;
      return Paused{};
    }
    if (std::holds_alternative<Reset>(ask)) {
      ++resets;
      return reset();
    }
    const Transfer& one = std::get<Submit>(ask).transfer;
    EXPECT_EQ(one.data.size(), one.in() ? 0u : one.setup.length);
    EXPECT_GT(one.timeout, Duration{});
    asked.push_back(one.setup);
    return transfer(one);
  }
};

// Answers by a function; each transfer takes a millisecond, and one that is not answered its timeout.
class ScriptDesk : public ConversationDriver {
 public:
  explicit ScriptDesk(std::function<TransferResult(const Transfer&)> script) : script_(std::move(script)) {}

 protected:
  TransferResult transfer(const Transfer& transfer) override {
    TransferResult result = script_(transfer);
    now += result.status == TransferStatus::timed_out ? transfer.timeout : std::chrono::milliseconds(1);
    return result;
  }

 private:
  std::function<TransferResult(const Transfer&)> script_;
};

class UnitDesk : public ConversationDriver {
 public:
  explicit UnitDesk(virt::VirtualUnit& unit) : unit_(&unit) {}

  // Nothing more is answered: the unit has left, or lost its power.
  bool gone() const { return gone_at_ && now >= *gone_at_; }

 protected:
  TransferResult transfer(const Transfer& transfer) override {
    if (gone()) return {TransferStatus::gone, {}};
    unit_->up_for(now);
    const virt::Reaction reaction = transfer.endpoint == 0
                                        ? unit_->control(transfer.setup, transfer.data)
                                        : unit_->bulk(transfer.endpoint, transfer.data, transfer.setup.length);
    if (!reaction.answered || reaction.takes > transfer.timeout) {
      now += transfer.timeout;
      return {TransferStatus::timed_out, {}};
    }
    now += reaction.takes;
    if (reaction.departure) gone_at_ = now + reaction.departure->after;
    return {reaction.status, reaction.data};
  }
  ResetStatus reset() override {
    const bool stays = !gone() && unit_->usb_reset() == virt::AfterReset::stays;
    return stays ? ResetStatus::ok : ResetStatus::lost;
  }

 private:
  virt::VirtualUnit* unit_;
  std::optional<Duration> gone_at_;
};

inline bool is(const Setup& setup, Request request) {
  return (setup.request_type & 0x60) == 0x20 && setup.request == static_cast<std::uint8_t>(request);
}

inline TransferResult status_answer(State state, Status status = Status::ok, std::chrono::milliseconds poll = {}) {
  return {TransferStatus::ok, encode(StatusReport{status, poll, state, 0})};
}

inline constexpr TransferStatus failures[] = {TransferStatus::stall, TransferStatus::timed_out, TransferStatus::gone,
                                              TransferStatus::io_error, TransferStatus::cancelled};

}  // namespace dfu
