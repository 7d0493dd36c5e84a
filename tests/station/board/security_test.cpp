// Which requests are refused by their head alone, and what the table of routes knows.
#include "station/board/security.h"

#include <gtest/gtest.h>

#include "station/board/address.h"
#include "station/board/counted_log.h"
#include "station/board/routes.h"

namespace station::board {
namespace {

const Endpoint loopback{"127.0.0.1", {"line-3.local"}, {}};

Request get(const std::string& host, std::map<std::string, std::string> headers = {}) {
  Request head{.method = Method::get, .path = "/api/state", .headers = std::move(headers)};
  head.headers["host"] = host;
  return head;
}

Request post(const std::string& host, std::map<std::string, std::string> headers) {
  Request head = get(host, std::move(headers));
  head.method = Method::post;
  return head;
}

int status(const Request& head, const Endpoint& place = loopback) {
  const auto refusal = refuse_head(head, place);
  return refusal ? refusal->status : 200;
}

TEST(Security, OnlyNamesOfThisStationAreAnswered) {
  for (const char* ours : {"127.0.0.1:8080", "127.0.0.1", "localhost:8080", "LocalHost", "[::1]:8080",
                           "line-3.local:8080", "LINE-3.LOCAL"}) {
    EXPECT_EQ(status(get(ours)), 200) << ours;
  }
  for (const char* strange :
       {"", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "line-3.local.",
        "10.0.0.7:8080", "[::2]:8080", "[", "]", ":8080", "0.0.0.0:8080"}) {
    EXPECT_EQ(status(get(strange)), 421) << strange;
  }
}

TEST(Security, AHostIsReadStrictly) {
  for (const char* strange : {"127.0.0.1:x@evil.com",
                              "127.0.0.1:80@evil.com",
                              "user@127.0.0.1",
                              "127.0.0.1:",
                              "127.0.0.1:80:80",
                              "127.0.0.1:65536",
                              "127.0.0.1:+80",
                              "127.0.0.1: 80",
                              "127.0.0.1 ",
                              " 127.0.0.1",
                              "127.0.0.1/evil.com",
                              "127.0.0.1,evil.com",
                              "127.0.0.1, evil.com",
                              "localhost#",
                              "localhost?x",
                              "localhost\\evil.com",
                              "[::1]evil.com",
                              "[::1]:x",
                              "[::1",
                              "::1",
                              "[127.0.0.1]",
                              "[::1%25lo]",
                              "[fe80::1%lo]",
                              "line-3.local:80\t",
                              "127.1",
                              "0x7f.0.0.1",
                              "2130706433",
                              "localhost\xc2\xa0",
                              "%6cocalhost"}) {
    EXPECT_EQ(status(get(strange)), 421) << strange;
  }
  EXPECT_EQ(status(get("[0:0:0:0:0:0:0:1]:8080")), 200) << "another way to write ::1";
  EXPECT_EQ(name_in_host("[2001:DB8::0:1]:80"), "2001:db8::1");
  EXPECT_EQ(status(get("[2001:DB8:0::1]:8080"), Endpoint{"2001:db8::1", {}, {}}), 200);
}

TEST(Security, WhatIsSaidTwiceIsRefused) {
  for (const char* header : {"host", "origin", "content-length", "transfer-encoding", "content-type", "cookie",
                             "x-flashline-token", "sec-fetch-site"}) {
    Request head = get("127.0.0.1");
    head.repeated.insert(header);
    EXPECT_EQ(status(head), 400) << header;
  }
  Request accepted = get("127.0.0.1");
  accepted.repeated.insert("accept-language");
  EXPECT_EQ(status(accepted), 200);
  EXPECT_EQ(status(post("localhost",
                        {{"origin", "http://localhost"}, {"content-length", "5"}, {"transfer-encoding", "chunked"}})),
            400);
}

TEST(Security, ARequestIsForAPathAndNamesNoOtherHost) {
  for (const char* target :
       {"http://evil.example/api/state", "http://127.0.0.1/api/state", "*", "evil.example:80", ""}) {
    Request head = get("127.0.0.1");
    head.path = target;
    EXPECT_EQ(status(head), 400) << target;
  }
}

Sender sender(const std::string& peer, std::map<std::string, std::string> headers, const Endpoint& place) {
  Request head = get("127.0.0.1", std::move(headers));
  head.peer = peer;
  return sender_of(head, place);
}

TEST(Sender, AtTheStationIsWhoComesFromThisMachineAndThroughNoProxy) {
  EXPECT_TRUE(sender("127.0.0.1", {}, loopback).at_station);
  EXPECT_FALSE(sender("127.0.0.1", {}, Endpoint{"0.0.0.0", {}, {}}).at_station) << "a board for everybody";
  for (const char* sign :
       {"x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-proto", "x-forwarded-host"}) {
    const Sender proxied = sender("127.0.0.1", {{sign, "127.0.0.1"}}, loopback);
    EXPECT_FALSE(proxied.at_station) << sign;
    EXPECT_EQ(proxied.address, "127.0.0.1") << "nobody believes " << sign;
    EXPECT_FALSE(proxied.https);
  }
}

TEST(Sender, OnlyATrustedProxySaysForWhomItAsks) {
  const Endpoint behind{"127.0.0.1", {}, {"127.0.0.1"}};
  const auto address = [&](const std::string& list) {
    return sender("127.0.0.1", {{"x-forwarded-for", list}}, behind).address;
  };
  EXPECT_EQ(address("10.0.0.7"), "10.0.0.7");
  EXPECT_EQ(address("127.0.0.1, 10.0.0.7"), "10.0.0.7") << "what the client wrote before it does not count";
  EXPECT_EQ(address("10.0.0.7, 127.0.0.1"), "10.0.0.7") << "a second proxy of ours";
  EXPECT_EQ(address("[2001:DB8::1]:4711"), "2001:db8::1");
  EXPECT_EQ(address("10.0.0.7:4711"), "10.0.0.7");
  EXPECT_EQ(address("evil, localhost"), "127.0.0.1") << "what is no address is nobody's";
  EXPECT_TRUE(sender("127.0.0.1", {{"x-forwarded-for", "10.0.0.7"}, {"x-forwarded-proto", "https"}}, behind).https);
  EXPECT_EQ(sender("10.9.9.9", {{"x-forwarded-for", "10.0.0.7"}}, behind).address, "10.9.9.9");
}

TEST(Sender, NobodyIsAtTheStationThroughAProxy) {
  const Endpoint behind{"127.0.0.1", {}, {"127.0.0.1"}};
  EXPECT_FALSE(sender("127.0.0.1", {}, behind).at_station) << "the proxy does not say for whom";
  for (const char* list : {"10.0.0.7", "127.0.0.1", "localhost", ""}) {
    EXPECT_FALSE(sender("127.0.0.1", {{"x-forwarded-for", list}}, behind).at_station) << list;
  }
}

TEST(Shown, IsPrintableAndShort) {
  EXPECT_EQ(shown("/api/state"), "/api/state");
  EXPECT_EQ(shown("\x1b[31m\n'\xff"), "\\x1b[31m\\x0a\\x27\\xff");
  EXPECT_EQ(shown(std::string(1000, 'a')), std::string(60, 'a') + " (cut: 1000 bytes)");
}

TEST(Security, ARefusalDoesNotGiveALongNameBack) {
  const auto refusal = refuse_head(get(std::string(5000, 'a') + "\x1b"), loopback);
  ASSERT_TRUE(refusal);
  EXPECT_LT(refusal->message.size(), 200u);
}

TEST(Tally, LogsTheFirstOfACauseAndThenTheirNumberNowAndThen) {
  using namespace std::chrono_literals;
  Tally tally;
  const Tally::Time now{1000h};
  EXPECT_EQ(tally.note("refused wrong-origin", "'/' of host 'evil'", now), "refused wrong-origin: '/' of host 'evil'");
  int lines = 0;
  auto time = now;
  for (int i = 0; i < 3600 * 300; ++i) {
    time += 3333us;
    lines += tally.note("refused wrong-origin", "'/x'", time) ? 1 : 0;
    lines += static_cast<int>(i % 300 == 0 ? tally.due(time).size() : 0);
  }
  EXPECT_LT(lines, 80) << "an hour of 300 requests a second";
  EXPECT_GT(lines, 50);
  EXPECT_TRUE(tally.note("refused no-session", "'/api/state'", time)) << "another cause has lines of its own";
  const auto last = tally.due(time + 60s);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_NE(last[0].find(" times; last: '/x'"), std::string::npos) << last[0];
  EXPECT_TRUE(tally.due(time + 10min).empty());
}

TEST(Tally, HasAPlaceForFewCauses) {
  Tally tally;
  const Tally::Time now{std::chrono::hours(1000)};
  int lines = 0;
  for (int i = 0; i < 1000; ++i) lines += tally.note("cause " + std::to_string(i), "x", now) ? 1 : 0;
  EXPECT_LE(lines, 33);
}

TEST(Security, AStationOnEveryAddressIsCalledByAnyAddressButByNoStrangeName) {
  const Endpoint any{"0.0.0.0", {}, {}};
  EXPECT_EQ(status(get("10.0.0.7:8080"), any), 200);
  EXPECT_EQ(status(get("[fe80::1]:8080"), any), 200);
  EXPECT_EQ(status(get("evil.example:8080"), any), 421);
  EXPECT_EQ(status(get("10.0.0.7.evil.example"), any), 421);
}

TEST(Security, AChangeMustComeFromTheBoardsOwnPage) {
  const std::string host = "127.0.0.1:8080";
  EXPECT_EQ(status(post(host, {{"origin", "http://127.0.0.1:8080"}})), 200);
  EXPECT_EQ(status(post(host, {{"origin", "HTTP://127.0.0.1:8080"}})), 200);
  EXPECT_EQ(status(post("line-3.local", {{"origin", "https://line-3.local"}})), 200) << "behind a proxy with TLS";
  for (const char* strange : {"http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:8081",
                              "http://localhost:8080", "http://127.0.0.1:8080.evil.example"}) {
    EXPECT_EQ(status(post(host, {{"origin", strange}})), 403) << strange;
  }
  EXPECT_EQ(status(post(host, {})), 403) << "no browser leaves it out";
}

TEST(Security, WhatAPageElsewhereReadsIsRefusedToo) {
  EXPECT_EQ(status(get("127.0.0.1", {{"origin", "http://evil.example"}})), 403);
  EXPECT_EQ(status(get("127.0.0.1", {{"sec-fetch-site", "cross-site"}})), 403);
  EXPECT_EQ(status(get("127.0.0.1", {{"sec-fetch-site", "same-site"}})), 403) << "another port of this machine";
  EXPECT_EQ(status(get("127.0.0.1", {{"sec-fetch-site", "same-origin"}})), 200);
  EXPECT_EQ(status(get("127.0.0.1", {{"sec-fetch-site", "none"}})), 200) << "typed into the browser";
  Request link = get("127.0.0.1", {{"sec-fetch-site", "cross-site"}});
  link.path = "/";
  EXPECT_EQ(status(link), 200) << "a link to the board is a link";
}

TEST(Security, LongAndMalformedLengthsAreRefusedBeforeTheBodyIsRead) {
  const auto length = [](const std::string& text) {
    return status(post("localhost", {{"origin", "http://localhost"}, {"content-length", text}}));
  };
  EXPECT_EQ(length("0"), 200);
  EXPECT_EQ(length("16384"), 200);
  for (const char* wrong : {"16385", "99999999999999999999999", "-1", "12a", " 12", "0x10"}) {
    EXPECT_EQ(length(wrong), 413) << wrong;
  }
}

TEST(Security, OtherMethodsAreRefused) {
  Request head = get("localhost");
  head.method = Method::other;
  EXPECT_EQ(status(head), 405);
}

TEST(Routes, APathIsKnownForItsMethodOnlyAndOnlyAsAWhole) {
  EXPECT_TRUE(route_of(Method::get, "/api/state"));
  EXPECT_FALSE(route_of(Method::post, "/api/state"));
  for (const char* path : {"", "/", "/api", "/api/", "/api/state/", "/api//state", "/api/state/x", "/api/stat",
                           "api/state", "/api/../api/state", "//api/state", "/api/*"}) {
    EXPECT_FALSE(route_of(Method::get, path)) << path;
  }
}

TEST(Routes, AKeyIsDecodedAfterThePathWasTakenApart) {
  EXPECT_EQ(route_of(Method::get, "/api/jobs/PO%2F7/certificate")->key, "PO/7");
  EXPECT_EQ(route_of(Method::get, "/api/units/%E7%BA%BF%201")->key, "\u7ebf 1");
  EXPECT_FALSE(route_of(Method::get, "/api/jobs/PO/7/certificate"));
  EXPECT_FALSE(route_of(Method::get, "/api/jobs/"));
  EXPECT_FALSE(route_of(Method::get, "/api%2Fstate"));
}

TEST(Address, OfOneMachineIsOneClient) {
  EXPECT_EQ(client_key("127.0.0.1"), client_key("127.8.9.1"));
  EXPECT_EQ(client_key("127.0.0.1"), client_key("::1"));
  EXPECT_EQ(client_key("2001:db8:1:2::1"), client_key("2001:db8:1:2:ffff::7"));
  EXPECT_NE(client_key("2001:db8:1:2::1"), client_key("2001:db8:1:3::1"));
  EXPECT_EQ(client_key("::ffff:10.0.0.7"), client_key("10.0.0.7"));
  EXPECT_NE(client_key("10.0.0.7"), client_key("10.0.0.8"));
  EXPECT_EQ(canonical_ip("evil"), "");
}

TEST(Address, IsHostAndPort) {
  const auto parsed = address_from("[::1]:8080");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->host, "::1");
  EXPECT_EQ(to_string(*parsed), "[::1]:8080");
  EXPECT_EQ(to_string(address_from("127.0.0.1:0").value()), "127.0.0.1:0");
  for (const char* wrong : {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "[]:80"}) {
    EXPECT_FALSE(address_from(wrong)) << wrong;
  }
  EXPECT_TRUE(is_loopback("127.8.9.1"));
  EXPECT_FALSE(is_loopback("127.evil.example"));
  EXPECT_FALSE(is_loopback("128.0.0.1"));
}

}  // namespace
}  // namespace station::board
