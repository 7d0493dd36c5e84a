#include "dfu/virtual/usbip.h"

#include <random>

#include <gtest/gtest.h>

#include "dfu/virtual/unit.h"
#include "tests/dfu/virtual/modules.h"
#include "tests/dfu/virtual/usbip_client.h"

namespace dfu::virt::usbip {
namespace {

using namespace virt::testing;

UnitInfo unit_info(Starts starts = Starts::dfu) {
  UnitSpec spec;
  spec.port.text = "1-1.2";
  spec.starts = Starts::absent;
  VirtualUnit unit(spec);
  if (starts == Starts::application) install(unit.flash(), 5);
  unit.restart();
  UnitInfo info = unit.describe();
  info.port = spec.port;
  info.handle = 3u << 16 | 1;
  return info;
}

std::string text_at(const Bytes& bytes, std::size_t at) {
  return reinterpret_cast<const char*>(bytes.data() + at);
}

// The offsets are those of the protocol's description.
TEST(Usbip, TheListIsLaidOutAsTheProtocolSays) {
  const Bytes out = list_reply({unit_info(), unit_info(Starts::application)});
  ASSERT_EQ(out.size(), 0x0Cu + 2 * 0x138 + 1 * 4 + 2 * 4);
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 12), (Bytes{0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 2}));
  EXPECT_EQ(text_at(out, 0x0C), "/flashline/virtual/1-1.2");
  EXPECT_EQ(text_at(out, 0x10C), "1-1.2");
  EXPECT_EQ(be32(out, 0x12C), 1u) << "bus";
  EXPECT_GT(be32(out, 0x130), 0u) << "device";
  EXPECT_LT(be32(out, 0x130), 128u);
  EXPECT_EQ(be32(out, 0x134), 2u) << "full speed";
  EXPECT_EQ(Bytes(out.begin() + 0x138, out.begin() + 0x144),
            (Bytes{0x2B, 0x04, 0xD0, 0x06, 0x02, 0x00, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(Bytes(out.begin() + 0x144, out.begin() + 0x148), (Bytes{0xFE, 0x01, 0x02, 0}));
  const std::size_t second = 0x148;
  EXPECT_EQ(text_at(out, second + 0x100), "1-1.2");
  EXPECT_EQ(Bytes(out.begin() + second + 0x12C, out.begin() + second + 0x138),
            (Bytes{0x2B, 0x04, 0xC0, 0x06, 0x02, 0x00, 2, 0, 0, 1, 1, 2}));
  EXPECT_EQ(Bytes(out.begin() + second + 0x138, out.end()), (Bytes{2, 2, 1, 0, 0x0A, 0, 0, 0}));
}

TEST(Usbip, AnImportIsAnsweredWithTheDeviceOrOnlyWithItsStatus) {
  const Bytes good = import_reply(unit_info());
  ASSERT_EQ(good.size(), 0x140u);
  EXPECT_EQ(Bytes(good.begin(), good.begin() + 8), (Bytes{0x01, 0x11, 0x00, 0x03, 0, 0, 0, 0}));
  EXPECT_EQ(text_at(good, 0x108), "1-1.2");
  EXPECT_EQ(good[0x13F], 1) << "interfaces";
  EXPECT_EQ(import_refusal(ImportStatus::no_device), (Bytes{0x01, 0x11, 0x00, 0x03, 0, 0, 0, 4}));
}

TEST(Usbip, APortPathLongerThanABusidIsCutAndClosed) {
  UnitInfo unit = unit_info();
  unit.port.text = "1-1.2.3.4.5.6.7.1.2.3.4.5.6.7.1.2.3.4.5.6.7";
  const Bytes out = list_reply({unit});
  EXPECT_EQ(text_at(out, 0x10C), unit.port.text.substr(0, 31));
}

TEST(Usbip, EveryBeginningOfAnOpeningWaitsForTheRest) {
  for (const Bytes& whole : {list_request(), import_request("1-1.2")}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ByteView received = ByteView(whole).first(size);
      EXPECT_TRUE(std::holds_alternative<Incomplete>(take_opening(received))) << size;
      EXPECT_EQ(received.size(), size);
    }
  }
  Bytes more = import_request("1-1.2");
  more.push_back(7);
  ByteView received = more;
  const Opening opening = take_opening(received);
  ASSERT_TRUE(std::holds_alternative<ImportRequest>(opening));
  EXPECT_EQ(std::get<ImportRequest>(opening).busid, "1-1.2");
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0], 7);
  const Bytes list = list_request();
  received = list;
  EXPECT_TRUE(std::holds_alternative<ListRequest>(take_opening(received)));
  EXPECT_TRUE(received.empty());
}

TEST(Usbip, EveryOtherVersionAndRequestIsRefused) {
  for (std::uint32_t head = 0; head < 0x10000; ++head) {
    Bytes version = list_request(), code = list_request();
    version[0] = code[2] = static_cast<std::uint8_t>(head >> 8);
    version[1] = code[3] = static_cast<std::uint8_t>(head);
    ByteView received = version;
    ASSERT_EQ(std::holds_alternative<Refused>(take_opening(received)), head != 0x0111) << head;
    received = code;
    ASSERT_EQ(std::holds_alternative<Refused>(take_opening(received)), head != 0x8005 && head != 0x8003) << head;
  }
}

TEST(Usbip, ABusidWithoutAnEndIsRefused) {
  Bytes request = import_request("1-1.2");
  std::fill(request.begin() + 8, request.end(), '1');
  ByteView received = request;
  EXPECT_TRUE(std::holds_alternative<Refused>(take_opening(received)));
}

const Setup download{0x21, 1, 2, 0, 5};

TEST(Usbip, EveryBeginningOfACommandWaitsForTheRest) {
  const Bytes data{1, 2, 3, 4, 5};
  for (const Bytes& whole : {submit_request(7, download, data), unlink_request(8, 7)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ByteView received = ByteView(whole).first(size);
      EXPECT_TRUE(std::holds_alternative<Incomplete>(take_command(received))) << size;
      EXPECT_EQ(received.size(), size);
    }
  }
}

TEST(Usbip, CommandsAreTakenOneAfterTheOther) {
  Bytes bytes = submit_request(7, download, {1, 2, 3, 4, 5});
  for (const Bytes& each : {submit_request(8, {0xA1, 3, 0, 0, 6}), submit_request(9, {.length = 3}, {6, 6, 6}, 0x01),
                            submit_request(10, {.length = 64}, {}, 0x82), unlink_request(11, 10)}) {
    bytes.insert(bytes.end(), each.begin(), each.end());
  }
  ByteView received = bytes;
  const auto out = std::get<Submit>(take_command(received));
  EXPECT_EQ(out.seqnum, 7u);
  EXPECT_EQ(out.transfer.endpoint, 0);
  EXPECT_EQ(out.transfer.setup.request_type, 0x21);
  EXPECT_EQ(out.transfer.setup.request, 1);
  EXPECT_EQ(out.transfer.setup.value, 2);
  EXPECT_EQ(out.transfer.data, (Bytes{1, 2, 3, 4, 5}));
  const auto in = std::get<Submit>(take_command(received));
  EXPECT_EQ(in.transfer.setup.length, 6);
  EXPECT_TRUE(in.transfer.data.empty());
  const auto bulk_out = std::get<Submit>(take_command(received));
  EXPECT_EQ(bulk_out.transfer.endpoint, 0x01);
  EXPECT_EQ(bulk_out.transfer.data, (Bytes{6, 6, 6}));
  const auto bulk_in = std::get<Submit>(take_command(received));
  EXPECT_EQ(bulk_in.transfer.endpoint, 0x82);
  EXPECT_EQ(bulk_in.transfer.setup.length, 64);
  EXPECT_EQ(std::get<Unlink>(take_command(received)).target, 10u);
  EXPECT_TRUE(received.empty());
}

// Of a header alone: nothing is waited for that would not be taken.
TEST(Usbip, EachFieldOutOfItsBoundsIsRefusedBeforeAnyDataIsWaitedFor) {
  const auto refused = [](std::size_t at, std::uint32_t value, std::uint8_t endpoint = 0) {
    Bytes header = submit_request(7, endpoint == 0 ? download : dfu::Setup{.length = 5}, {}, endpoint);
    for (int i = 0; i < 4; ++i) header[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    ByteView received = header;
    return std::holds_alternative<Refused>(take_command(received));
  };
  const std::size_t command = 0, direction = 0x0C, endpoint = 0x10, length = 0x18, packets = 0x20;
  for (const std::uint32_t large : {0x10000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
    EXPECT_TRUE(refused(command, large));
    EXPECT_TRUE(refused(direction, large));
    EXPECT_TRUE(refused(endpoint, large));
    EXPECT_TRUE(refused(length, large));
    EXPECT_TRUE(refused(length, large, 0x01));
    EXPECT_TRUE(refused(length, large, 0x81));
    EXPECT_EQ(refused(packets, large), large != 0xFFFFFFFF);
  }
  for (const std::uint32_t value : {0u, 3u, 4u}) EXPECT_TRUE(refused(command, value));
  EXPECT_TRUE(refused(direction, 2));
  EXPECT_TRUE(refused(endpoint, 16));
  EXPECT_TRUE(refused(packets, 1));
  EXPECT_TRUE(refused(length, 4)) << "not the length of the setup packet";
  EXPECT_TRUE(refused(direction, 1)) << "not the direction of the setup packet";
  EXPECT_FALSE(refused(length, 65535, 0x01));
  EXPECT_FALSE(refused(length, 5));
}

TEST(Usbip, RandomBytesAreNeverReadPastTheirEndNorTakenForMoreThanTheyAre) {
  std::mt19937 dice(1);
  int taken = 0;
  for (int round = 0; round < 200'000; ++round) {
    Bytes bytes(dice() % 120);
    for (auto& byte : bytes) byte = dice() % 3 == 0 ? static_cast<std::uint8_t>(dice()) : 0;
    if (bytes.size() > 4 && dice() % 2) bytes[3] = 1 + dice() % 2;
    ByteView received = bytes;
    if (dice() % 2) {
      take_opening(received);
    } else {
      const Command command = take_command(received);
      if (const auto* submit = std::get_if<Submit>(&command)) {
        ++taken;
        EXPECT_EQ(bytes.size() - received.size(), 48 + submit->transfer.data.size());
      }
    }
    ASSERT_LE(received.size(), bytes.size());
  }
  EXPECT_GT(taken, 0) << "the dice must also throw commands that are right";
}

TEST(Usbip, AnswersCarryLinuxErrorNumbersAndTheirData) {
  ByteView received;
  const Bytes request = submit_request(7, {0xA1, 3, 0, 0, 6});
  received = request;
  Submit asked = std::get<Submit>(take_command(received));
  const auto status = [&](TransferStatus of) {
    return static_cast<std::int32_t>(be32(submit_reply(asked, {of, {}}), 0x14));
  };
  EXPECT_EQ(status(TransferStatus::stall), -32);
  EXPECT_EQ(status(TransferStatus::io_error), -71);
  EXPECT_EQ(status(TransferStatus::gone), -19);
  const Bytes good = submit_reply(asked, {TransferStatus::ok, {1, 2, 3}});
  ASSERT_EQ(good.size(), 51u);
  EXPECT_EQ(be32(good, 0), 3u);
  EXPECT_EQ(be32(good, 4), 7u);
  EXPECT_EQ(be32(good, 0x14), 0u);
  EXPECT_EQ(be32(good, 0x18), 3u);
  EXPECT_EQ(good[50], 3);
  asked.short_is_error = true;
  EXPECT_EQ(static_cast<std::int32_t>(be32(submit_reply(asked, {TransferStatus::ok, {1, 2, 3}}), 0x14)), -121);
  const Bytes out = submit_reply(Submit{.seqnum = 9, .transfer = {download, {1, 2, 3, 4, 5}}}, {});
  EXPECT_EQ(out.size(), 48u);
  EXPECT_EQ(be32(out, 0x18), 5u) << "all of it went out";
  EXPECT_EQ(static_cast<std::int32_t>(be32(unlink_reply(8, true), 0x14)), -104);
  EXPECT_EQ(be32(unlink_reply(8, false), 0x14), 0u);
  EXPECT_EQ(be32(unlink_reply(8, false), 0), 4u);
}

}  // namespace
}  // namespace dfu::virt::usbip
