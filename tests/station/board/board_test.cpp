// The board on a socket of its own, asked by clients that browsers would never be.
#include "station/board/board.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/station/board/board_fixture.h"

namespace station::board {
namespace {

using testing::HasSubstr;

TEST_F(BoardTest, GivesItsPageAndTheState) {
  const std::string page = get("/");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("<!doctype html>"));
  const std::string state = get("/api/state");
  EXPECT_THAT(state, HasSubstr("\"station\":\"line-3\""));
  EXPECT_THAT(state, HasSubstr("\"port\":\"1-1.7\""));
  EXPECT_THAT(state, HasSubstr("Cache-Control: no-store"));
}

TEST_F(BoardTest, APageThatTheBrowserHasIsNotSentAgain) {
  const std::string page = get("/");
  const std::size_t tag = page.find("ETag: ") + 6;
  const std::string again = get("/", "If-None-Match: " + page.substr(tag, page.find("\r\n", tag) - tag) + "\r\n");
  EXPECT_EQ(status_of(again), 304);
  EXPECT_THAT(again, testing::Not(HasSubstr("<!doctype html>")));
}

TEST_F(BoardTest, NoPathLeadsToAFile) {
  for (const char* path :
       {"/etc/passwd", "/../etc/passwd", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2fetc%2fpasswd",
        "//etc/passwd", "/board/index.html", "/:/board/index.html", "/index.html/", "/index.html/../../etc/passwd",
        "/.", "/..", "/%00", "/index.html%00.png", "/\\..\\..\\etc\\passwd"}) {
    const std::string answer = get(path);
    EXPECT_THAT(answer, testing::Not(HasSubstr("root:"))) << path;
    EXPECT_EQ(status_of(answer), 404) << path;
  }
}

TEST_F(BoardTest, StrangeRequestsAreRefusedAndTheNextOneIsAnswered) {
  const std::string own = "Origin: http://127.0.0.1:" + std::to_string(port_) + "\r\n";
  EXPECT_EQ(status_of(get("/", "Host: evil.example\r\n")), 421);
  EXPECT_EQ(status_of(ask(port_, "POST /api/state")), 403);
  EXPECT_EQ(status_of(ask(port_, "DELETE /")), 405);
  EXPECT_EQ(status_of(ask(port_, "POST /api/nothing", own, std::string(16384, ' '))), 404);
  EXPECT_EQ(status_of(ask(port_, "POST /api/nothing", own, std::string(16385, ' '))), 413);
  EXPECT_EQ(status_of(get("/" + std::string(100000, 'a'))), 414);
  EXPECT_THAT(status_of(get("/", "X-Long: " + std::string(100000, 'a') + "\r\n")), testing::AnyOf(413, 431));
  for (const char* nonsense : {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01",
                               "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"}) {
    Client client(port_);
    client.say(nonsense);
    client.say(std::string(3, '\0'));
  }
  EXPECT_EQ(status_of(get("/")), 200);
}

TEST_F(BoardTest, ABodyInPiecesThatNeverEndsIsCutOff) {
  Client client(port_);
  client.say(
      "POST /api/x HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  bool taken = true;
  for (int i = 0; i < 1000 && taken; ++i) taken = client.say("400\r\n" + std::string(1024, 'x') + "\r\n");
  EXPECT_THAT(client.until_closed(), testing::Not(HasSubstr("HTTP/1.1 200")));
  EXPECT_EQ(status_of(get("/")), 200);
}

TEST_F(BoardTest, EventsBeginWithTheStateAndGoOnWithWhatChanges) {
  Client events(port_);
  events.say("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string begin = events.until("\n\n");
  EXPECT_THAT(begin, HasSubstr("text/event-stream"));
  EXPECT_THAT(begin, HasSubstr("event: state\nid: 1\n"));
  live_.on(scheduler::VisitBegan{{"1-1.3"}, "", "visit-7"}, {});
  EXPECT_THAT(events.until("visit-7"), HasSubstr("event: delta\nid: 2\n"));
}

TEST_F(BoardTest, ABoardThatGoesEndsItsStreams) {
  Client events(port_);
  events.say("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.until("event: state");
  board_.reset();
  EXPECT_THAT(events.until_closed(), HasSubstr("event: state"));
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST_F(BoardTest, BoardsThatComeAndGoLeaveNothingBehind) {
  board_.reset();
  const std::ptrdiff_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    open();
    Client events(port_), silent(port_), half(port_);
    events.say("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    events.until("event: state");
    half.say("GET / HT");
    board_.reset();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(BoardTest, APlaceThatIsTakenIsSaid) {
  try {
    const Board second(BoardSetup{{"127.0.0.1", port_}}, live_, logger_);
    FAIL() << "two boards at one address";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(port_)));
  }
  EXPECT_THROW(Board(BoardSetup{{"line-3", 0}}, live_, logger_), std::runtime_error);
}

}  // namespace
}  // namespace station::board
