// What clients of the stream get to read, fast and slow ones, without a server.
#include "station/board/stream.h"

#include <atomic>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "station/board/deadlines.h"
#include "station/board/workers.h"

namespace station::board {
namespace {

// A client with a connection that counts how often it went to sleep and was woken.
struct Reader {
  explicit Reader(Stream& from, const std::string& owner = "", const std::string& session = "")
      : stream(from), client(from.join(owner, session)) {}

  // Everything until it sleeps, by `piece` bytes.
  std::string read(std::size_t piece = 1000) {
    std::string all, buffer(piece, ' ');
    for (;;) {
      const Stream::Taken taken = stream.read(*client, line, buffer.data(), piece);
      if (taken.what == Stream::Read::over) return all + "<over>";
      if (taken.what == Stream::Read::nothing) return all;
      all.append(buffer, 0, taken.bytes);
    }
  }

  Stream& stream;
  std::shared_ptr<Stream::Client> client;
  int slept = 0, woken = 0;
  Stream::Line line{[this] { ++slept; }, [this] { ++woken; }};
};

const std::string state_1 = "event: state\nid: 1\ndata: A\n\n";

TEST(Stream, EachClientGetsTheWholeFirstAndThenWhatChanged) {
  int joined = 0;
  Stream stream(10, [&] { ++joined; });
  Reader reader(stream);
  EXPECT_EQ(joined, 1);
  EXPECT_EQ(reader.read(), "");
  stream.publish(1, "A", "");
  EXPECT_EQ(reader.woken, 1);
  EXPECT_EQ(reader.read(), state_1);
  stream.publish(2, "B", "a");
  EXPECT_EQ(reader.read(), "event: delta\nid: 2\ndata: a\n\n");
  Reader later(stream);
  EXPECT_EQ(later.read(), "event: state\nid: 2\ndata: B\n\n");
}

TEST(Stream, WhoeverMissedAChangeGetsTheNewestWholeAndNoQueue) {
  Stream stream(10, [] {});
  Reader reader(stream);
  stream.publish(1, "A", "");
  EXPECT_EQ(reader.read(), state_1);
  for (std::uint64_t number = 2; number <= 100; ++number) stream.publish(number, "W" + std::to_string(number), "d");
  EXPECT_EQ(reader.read(), "event: state\nid: 100\ndata: W100\n\n");
}

TEST(Stream, AMessageThatIsBeingSentIsSentToItsEnd) {
  for (std::size_t piece = 1; piece < state_1.size(); ++piece) {
    Stream stream(10, [] {});
    Reader reader(stream);
    stream.publish(1, "A", "");
    std::string begin(piece, ' ');
    ASSERT_EQ(stream.read(*reader.client, reader.line, begin.data(), piece).bytes, piece);
    stream.publish(2, "B", "b");
    stream.publish(3, "C", "c");
    EXPECT_EQ(begin + reader.read(piece), state_1 + "event: state\nid: 3\ndata: C\n\n") << piece;
  }
}

TEST(Stream, AnOwnerWithTooManyLosesItsOldestAndIsTold) {
  Stream stream(
      10, [] {}, 3);
  std::vector<std::unique_ptr<Reader>> own;
  Reader other(stream, "wang");
  for (int i = 0; i < 4; ++i) own.push_back(std::make_unique<Reader>(stream, "li"));
  EXPECT_EQ(own[0]->read(), "event: replaced\ndata: {}\n\n<over>");
  stream.publish(1, "A", "");
  for (int i = 1; i < 4; ++i) EXPECT_EQ(own[static_cast<std::size_t>(i)]->read(), state_1) << i;
  EXPECT_EQ(other.read(), state_1);
}

TEST(Stream, OneThatIsReplacedInTheMiddleOfAMessageGetsItsEnd) {
  Stream stream(
      10, [] {}, 1);
  Reader first(stream, "li");
  stream.publish(1, "A", "");
  std::string begin(5, ' ');
  ASSERT_EQ(stream.read(*first.client, first.line, begin.data(), 5).bytes, 5u);
  Reader second(stream, "li");
  EXPECT_EQ(begin + first.read(), state_1 + "event: replaced\ndata: {}\n\n<over>");
}

TEST(Stream, WhoSleepsIsWokenToBeReplaced) {
  Stream stream(
      10, [] {}, 1);
  Reader first(stream, "li");
  EXPECT_EQ(first.read(), "");
  Reader second(stream, "li");
  EXPECT_EQ(first.woken, 1);
  EXPECT_EQ(first.read(), "event: replaced\ndata: {}\n\n<over>");
}

TEST(Stream, OwnersThatTookAllPlacesMakeRoomForTheNextOne) {
  Stream stream(
      8, [] {}, 6);
  std::vector<std::unique_ptr<Reader>> all;
  for (int i = 0; i < 5; ++i) all.push_back(std::make_unique<Reader>(stream, "greedy"));
  for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<Reader>(stream, "other"));
  ASSERT_TRUE(stream.join("li"));
  EXPECT_EQ(all[0]->read(), "event: replaced\ndata: {}\n\n<over>") << "the one who has most of them";
  EXPECT_EQ(all[5]->read(), "");
}

TEST(Stream, WhereEachHasOneNobodyIsPushedOut) {
  Stream stream(
      3, [] {}, 6);
  std::vector<std::unique_ptr<Reader>> all;
  for (const char* name : {"a", "b", "c"}) all.push_back(std::make_unique<Reader>(stream, name));
  EXPECT_FALSE(stream.join("d"));
  for (const auto& one : all) EXPECT_EQ(one->read(), "");
}

TEST(Stream, ASessionThatEndsTakesItsStreamsWithIt) {
  Stream stream(10, [] {});
  Reader of_li(stream, "li", "session 1"), again(stream, "li", "session 2"), of_nobody(stream);
  stream.end_session("session 1");
  stream.end_session("");
  EXPECT_EQ(of_li.read(), "<over>");
  EXPECT_EQ(again.read(), "");
  EXPECT_EQ(of_nobody.read(), "");
}

TEST(Stream, WhoeverIsEndedMayComeAgain) {
  Stream stream(10, [] {});
  Reader reading(stream), asleep(stream);
  stream.publish(1, "A", "");
  EXPECT_EQ(asleep.read(), state_1);
  stream.end_all();
  EXPECT_EQ(asleep.woken, 1);
  EXPECT_EQ(asleep.read(), "<over>");
  EXPECT_EQ(reading.read(), "<over>") << "not a word more";
  Reader again(stream);
  EXPECT_EQ(again.read(), state_1);
}

TEST(Stream, ABeatComesWhileNothingChanges) {
  Stream stream(10, [] {});
  Reader reader(stream);
  stream.publish(1, "A", "");
  EXPECT_EQ(reader.read(), state_1);
  stream.beat();
  stream.beat();
  EXPECT_EQ(reader.read(), ": beat\n\n");
  EXPECT_EQ(reader.slept, 2);
  EXPECT_EQ(reader.woken, 1) << "the second beat found it awake";
}

TEST(Stream, WhenTheLastOneHasGoneTheNextSeesNoOldPicture) {
  Stream stream(10, [] {});
  {
    Reader reader(stream);
    stream.publish(1, "A", "");
    stream.leave(reader.client);
  }
  Reader next(stream);
  EXPECT_EQ(next.read(), "");
}

TEST(Stream, WhoeverComesAfterTheLastOneHasGoneWantsAPicture) {
  Stream stream(10, [] {});
  EXPECT_FALSE(stream.wants_line_json()) << "nobody is there";
  Reader first(stream);
  EXPECT_TRUE(stream.wants_line_json());
  stream.publish(1, "A", "");
  EXPECT_FALSE(stream.wants_line_json());
  stream.leave(first.client);
  Reader next(stream);
  EXPECT_TRUE(stream.wants_line_json());
}

TEST(Stream, ThereIsALimitAndAnEnd) {
  Stream stream(2, [] {});
  Reader one(stream), two(stream);
  EXPECT_EQ(stream.join(), nullptr);
  stream.leave(two.client);
  EXPECT_EQ(stream.clients(), 1u);
  EXPECT_EQ(one.read(), "");
  stream.close();
  EXPECT_EQ(one.woken, 1);
  EXPECT_EQ(one.read(), "<over>");
  EXPECT_EQ(stream.join(), nullptr);
}

TEST(Deadlines, AConnectionThatTakesTooLongIsShutDownOnce) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const auto now = std::chrono::steady_clock::now();
  Deadlines deadlines;
  deadlines.watch(ends[0], now);
  deadlines.set(ends[0], std::nullopt);
  EXPECT_EQ(deadlines.end_overdue(now + std::chrono::hours(1)), 0) << "as long as it likes";
  deadlines.set(ends[0], now + std::chrono::seconds(10));
  EXPECT_EQ(deadlines.end_overdue(now + std::chrono::seconds(9)), 0);
  EXPECT_EQ(deadlines.end_overdue(now + std::chrono::seconds(10)), 1);
  EXPECT_EQ(deadlines.end_overdue(now + std::chrono::seconds(11)), 0);
  char byte = 0;
  EXPECT_EQ(read(ends[1], &byte, 1), 0) << "the other end sees it";
  deadlines.forget(ends[0]);
  deadlines.set(ends[0], now);
  EXPECT_EQ(deadlines.end_overdue(now + std::chrono::hours(1)), 0) << "the number may be another file's by now";
  close(ends[0]);
  close(ends[1]);
}

TEST(Workers, TakeNoMoreThanMayWaitAndFinishWhatTheyTook) {
  std::atomic<int> done = 0;
  std::mutex gate;
  std::unique_lock closed(gate);
  Workers workers(1, 3);
  int taken = 0;
  for (int i = 0; i < 10; ++i) {
    taken += workers.post([&] {
      const std::lock_guard wait(gate);
      ++done;
    });
  }
  EXPECT_GE(taken, 3);
  EXPECT_LE(taken, 4) << "one may have been begun";
  closed.unlock();
  workers.close();
  EXPECT_EQ(done, taken);
  EXPECT_FALSE(workers.post([] {}));
}

}  // namespace
}  // namespace station::board
