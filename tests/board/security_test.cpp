// Which requests are refused by their head alone, and what the table of routes knows.
#include "station/board/security.h"

#include <gtest/gtest.h>

#include "station/address.h"
#include "station/board/routes.h"

namespace station::board {
namespace {

const Place loopback{"127.0.0.1", {"line-3.local"}};

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

int status(const Request& head, const Place& place = loopback) {
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

TEST(Security, AStationOnEveryAddressIsCalledByAnyAddressButByNoStrangeName) {
  const Place any{"0.0.0.0", {}};
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
  EXPECT_EQ(status(get("127.0.0.1", {{"sec-fetch-site", "same-origin"}})), 200);
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
