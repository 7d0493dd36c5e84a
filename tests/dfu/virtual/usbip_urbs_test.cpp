#include "dfu/virtual/usbip_urbs.h"

#include <gtest/gtest.h>

namespace dfu::virt::usbip {
namespace {

using namespace std::chrono_literals;

const Setup get_status{0xA1, 3, 0, 0, 6};
const Setup set_configuration{0x00, 9, 1, 0, 0};
const Setup first_look{0x80, 6, 0x0100, 0, 64};

Submit control(std::uint32_t seqnum, const Setup& setup = get_status) {
  return {.seqnum = seqnum, .transfer = {setup, Bytes(setup.in() ? 0 : setup.length)}};
}
Submit in(std::uint32_t seqnum, std::uint8_t endpoint = 0x81) {
  return {.seqnum = seqnum, .transfer = {.setup = {.length = 64}, .data = {}, .endpoint = endpoint}};
}

struct Said {
  std::uint32_t command, seqnum;
  std::int32_t status;
  bool operator==(const Said&) const = default;
};
constexpr std::uint32_t submitted = 3, unlinked = 4;

// What the client is told, without the data.
std::vector<Said> said(UrbQueue& urbs) {
  const Bytes bytes = urbs.take_replies();
  std::vector<Said> out;
  for (std::size_t at = 0; at < bytes.size();) {
    const ByteView one = ByteView(bytes).subspan(at);
    out.push_back({be32(one, 0), be32(one, 4), static_cast<std::int32_t>(be32(one, 0x14))});
    at += 48 + (out.back().command == submitted ? be32(one, 0x18) : 0);
  }
  return out;
}

const TransferResult good{TransferStatus::ok, {1, 2, 3}};
const TransferResult silence{TransferStatus::timed_out, {}};
const TransferResult cancelled{TransferStatus::cancelled, {}};

TEST(UsbipUrbs, TheUnitIsAskedOneThingAtATimeInTheOrderOfSubmission) {
  UrbQueue urbs;
  EXPECT_FALSE(urbs.next(0s));
  for (const std::uint32_t seqnum : {5u, 3u, 9u}) {
    EXPECT_FALSE(urbs.submit(control(seqnum, {0xA1, 3, static_cast<std::uint16_t>(seqnum), 0, 6})));
  }
  for (const std::uint32_t seqnum : {5u, 3u, 9u}) {
    const auto next = urbs.next(0s);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->transfer.setup.value, seqnum);
    EXPECT_EQ(next->transfer.timeout, Duration{}) << "the client's system decides when it has waited enough";
    EXPECT_FALSE(urbs.next(0s)) << "one at a time";
    urbs.answered(good, 0s);
    EXPECT_EQ(said(urbs), (std::vector<Said>{{submitted, seqnum, 0}}));
  }
  EXPECT_FALSE(urbs.next(0s));
}

TEST(UsbipUrbs, AWaitingTransferIsUnlinkedAtOnceAndNeverAsked) {
  UrbQueue urbs;
  urbs.submit(control(1));
  urbs.submit(control(2));
  urbs.next(0s);
  EXPECT_FALSE(urbs.unlink({3, 2}));
  EXPECT_EQ(said(urbs), (std::vector<Said>{{unlinked, 3, -104}}));
  urbs.answered(good, 0s);
  EXPECT_FALSE(urbs.next(0s));
}

TEST(UsbipUrbs, ATransferOnItsWayIsCancelledAndAnsweredOnce) {
  UrbQueue urbs;
  urbs.submit(control(1));
  urbs.next(0s);
  EXPECT_TRUE(urbs.unlink({2, 1}));
  EXPECT_TRUE(said(urbs).empty());
  EXPECT_FALSE(urbs.unlink({3, 1})) << "a second time changes nothing";
  EXPECT_EQ(said(urbs), (std::vector<Said>{{unlinked, 3, 0}}));
  urbs.answered(cancelled, 0s);
  EXPECT_EQ(said(urbs), (std::vector<Said>{{unlinked, 2, -104}}));
}

TEST(UsbipUrbs, AResultThatWasFasterThanItsUnlinkIsNotLost) {
  UrbQueue urbs;
  urbs.submit(control(1));
  urbs.next(0s);
  EXPECT_TRUE(urbs.unlink({2, 1}));
  urbs.answered(good, 0s);
  EXPECT_EQ(said(urbs), (std::vector<Said>{{submitted, 1, 0}, {unlinked, 2, 0}}));
  EXPECT_FALSE(urbs.unlink({4, 1}));
  EXPECT_FALSE(urbs.unlink({5, 77}));
  EXPECT_EQ(said(urbs), (std::vector<Said>{{unlinked, 4, 0}, {unlinked, 5, 0}}));
}

TEST(UsbipUrbs, AnEndpointThatHasNothingToSayStaysPendingWhileEverythingElseGoesOn) {
  UrbQueue urbs;
  urbs.submit(in(1));
  const auto asked = urbs.next(1s);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->transfer.endpoint, 0x81);
  EXPECT_GT(asked->transfer.timeout, Duration{}) << "or the unit would be held up";
  urbs.answered(silence, 1s);
  EXPECT_TRUE(said(urbs).empty());
  EXPECT_FALSE(urbs.next(1s)) << "not again at once";
  ASSERT_TRUE(urbs.next_at());
  const Duration again = *urbs.next_at();
  EXPECT_GT(again, 1s);
  urbs.submit(control(2));
  EXPECT_EQ(urbs.next(1s)->transfer.endpoint, 0);
  urbs.answered(good, 1s);
  EXPECT_EQ(said(urbs), (std::vector<Said>{{submitted, 2, 0}}));
  EXPECT_EQ(urbs.next(again)->transfer.endpoint, 0x81);
  urbs.answered(good, again);
  EXPECT_EQ(said(urbs), (std::vector<Said>{{submitted, 1, 0}}));
  EXPECT_FALSE(urbs.next_at());
}

TEST(UsbipUrbs, APendingQuestionIsUnlinkedWhetherItIsOnItsWayOrNot) {
  UrbQueue urbs;
  urbs.submit(in(1));
  urbs.next(1s);
  urbs.answered(silence, 1s);
  EXPECT_FALSE(urbs.unlink({2, 1}));
  EXPECT_EQ(said(urbs), (std::vector<Said>{{unlinked, 2, -104}}));
  for (const TransferResult& end : {silence, cancelled}) {
    urbs.submit(in(3));
    urbs.next(9s);
    EXPECT_TRUE(urbs.unlink({4, 3}));
    urbs.answered(end, 0s);
    EXPECT_EQ(said(urbs), (std::vector<Said>{{unlinked, 4, -104}}));
  }
}

TEST(UsbipUrbs, EachEndpointHasItsTurnAndKeepsItsOrder) {
  UrbQueue urbs;
  for (const std::uint32_t seqnum : {1u, 2u}) urbs.submit(in(seqnum, 0x81));
  urbs.submit(in(3, 0x82));
  std::vector<std::uint8_t> turns;
  for (int round = 1; round <= 4; ++round) {
    turns.push_back(urbs.next(round * 1s)->transfer.endpoint);
    urbs.answered(silence, round * 1s);
  }
  EXPECT_EQ(turns, (std::vector<std::uint8_t>{0x81, 0x82, 0x81, 0x82}));
  urbs.next(9s);
  urbs.answered(good, 9s);
  EXPECT_EQ(said(urbs), (std::vector<Said>{{submitted, 1, 0}})) << "the one that came first has the answer";
}

TEST(UsbipUrbs, TooManyAndTwoOfOneNumberAreRefused) {
  UrbQueue urbs;
  std::uint32_t seqnum = 0;
  while (!urbs.submit(control(++seqnum))) ASSERT_LT(seqnum, 100'000u);
  EXPECT_GT(seqnum, 64u) << "as many as a serial port's driver has under way";
  UrbQueue other;
  EXPECT_FALSE(other.submit(control(1)));
  EXPECT_TRUE(other.submit(control(1)));
}

TEST(UsbipUrbs, WhenTheUnitHasGoneEveryTransferIsAnsweredOnce) {
  UrbQueue urbs;
  for (const std::uint32_t seqnum : {1u, 2u}) urbs.submit(control(seqnum));
  urbs.submit(in(3));
  ASSERT_EQ(urbs.next(0s)->transfer.endpoint, 0x81);
  EXPECT_TRUE(urbs.unlink({4, 3}));
  urbs.give_up();
  EXPECT_EQ(said(urbs), (std::vector<Said>{{submitted, 1, -19}, {submitted, 2, -19}, {unlinked, 4, -104}}));
  EXPECT_FALSE(urbs.next(9s));
  EXPECT_FALSE(urbs.next_at());
  urbs.give_up();
  EXPECT_TRUE(said(urbs).empty());
}

TEST(UsbipUrbs, WhatLinuxReadsAfterAPortResetTellsOfTheResetOnceTheUnitIsConfigured) {
  UrbQueue urbs;
  const auto resets = [&](const dfu::Setup& setup, const TransferResult& result = good) {
    urbs.submit(control(1, setup));
    const bool reset = urbs.next(0s)->after_reset;
    urbs.answered(result, 0s);
    return reset;
  };
  EXPECT_FALSE(resets(first_look)) << "the enumeration itself";
  EXPECT_FALSE(resets(set_configuration, {TransferStatus::stall, {}}));
  EXPECT_FALSE(resets(set_configuration));
  EXPECT_FALSE(resets({0x80, 6, 0x0100, 0, 18}));
  EXPECT_FALSE(resets({0x80, 6, 0x0200, 0, 64}));
  EXPECT_TRUE(resets(first_look));
  EXPECT_FALSE(resets(get_status));
}

}  // namespace
}  // namespace dfu::virt::usbip
