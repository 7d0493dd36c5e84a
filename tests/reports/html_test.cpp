// What the page holds as text. How it looks and behaves in a browser is for the browser tests.
#include <QByteArray>
#include <QCryptographicHash>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/report.h"
#include "tests/reports/attempt.h"
#include "tests/reports/test_of_the_line.h"

namespace reports {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page_of(const Report& report) {
  std::ostringstream out;
  write_html(report, out);
  return out.str();
}

TEST(HtmlReport, WhatADeviceSaidDoesNotBecomeMarkup) {
  db::Attempt attempt = sample::attempt(2, 1, sample::failed(2));
  const std::string hostile = "</script><script>alert(1)</script>'\"><img src=x onerror=y>";
  attempt.visit.slot = attempt.finished.unit = attempt.started.operator_name = hostile;
  attempt.finished.serials = {hostile};
  attempt.finished.fault->text = attempt.finished.fault->code = hostile;
  Report report = sample::report({attempt});
  report.selection = hostile;
  const std::string page = page_of(report);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;"));
}

TEST(HtmlReport, LoadsNothingFromElsewhere) {
  const std::string page = page_of(sample::report({sample::attempt(2, 1, sample::passed(2))}));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  for (const char* loading : {" src=", " href=", "@import", "url(h"}) EXPECT_THAT(page, Not(HasSubstr(loading)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

// A browser runs the script only if its hash is the one that the policy names.
TEST(HtmlReport, ItsStyleAndItsScriptAreInThePageAndThePolicyNamesTheScript) {
  const std::string page = page_of(sample::report({sample::attempt(2, 1, sample::passed(2))}));
  EXPECT_THAT(page, HasSubstr("<style>\n:root { color-scheme: light dark;"));
  const std::string begin = "<script>", end = "</script>";
  const std::size_t at = page.find(begin) + begin.size();
  const std::string script = page.substr(at, page.find(end) - at);
  EXPECT_THAT(script, testing::StartsWith("\n'use strict';\n"));
  const QByteArray hash = QCryptographicHash::hash(QByteArray::fromStdString(script), QCryptographicHash::Sha256);
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-" + hash.toBase64().toStdString() + "'"));
}

TEST(HtmlReport, SaysWhenItWasMadeAndWhetherTheRecordWasVerified) {
  Report report = sample::report({sample::attempt(2, 1, sample::passed(2))});
  report.made = sample::at(0);
  report.verified = "The record was not verified for this.";
  std::ostringstream text, json, summary;
  write_text(report, text);
  write_json(report, json);
  write_summary_html(report, summary);
  for (const std::string& form : {page_of(report), text.str(), json.str(), summary.str()}) {
    EXPECT_THAT(form, HasSubstr(report.verified));
  }
}

TEST(HtmlReport, ASummaryHasTheOperatorsTheSlotsAndTheFaultsOfAllAttempts) {
  std::ostringstream out;
  write_summary_html(
      sample::report({sample::attempt(2, 1, sample::failed(2)), sample::attempt(3, 4, sample::passed(3))}), out);
  for (const char* said : {"Operators", "Ada", "Yield per slot", "verify-mismatch", "Steps of the clock"}) {
    EXPECT_THAT(out.str(), HasSubstr(said));
  }
}

TEST(HtmlReport, ATableThatIsCutSaysSo) {
  std::vector<db::Attempt> attempts(2100, sample::attempt(2, 1, sample::passed(2)));
  const std::string page = page_of(sample::report(attempts));
  EXPECT_THAT(page, HasSubstr("The table holds the last 2000 of 2100 attempts."));
}

// 64 slots of 40 units each; one fails as often as the others pass.
TEST(HtmlReport, OneBadSlotIsMarkedAndBadLuckIsNot) {
  std::vector<db::Attempt> attempts;
  for (int i = 0; i < 64 * 40; ++i) {
    const auto id = static_cast<std::uint8_t>(i % 251);
    const bool good = i % 64 == 17 ? i % 128 > 64 : i % 400 != 5;
    db::Attempt attempt = sample::attempt(id, id, good ? sample::passed(id) : sample::failed(id));
    attempt.visit.visit = {};
    attempt.visit.visit.bytes[0] = static_cast<std::uint8_t>(i >> 8);
    attempt.visit.visit.bytes[1] = static_cast<std::uint8_t>(i);
    attempt.finished.unit.clear();
    attempt.visit.slot = "S" + std::to_string(i % 64);
    attempt.visit.port = "1-" + std::to_string(i % 64 / 8 + 1) + "." + std::to_string(i % 8 + 1);
    attempts.push_back(attempt);
  }
  Report report = sample::report(attempts);
  report.make_slot_test = make_slot_test;
  const std::string page = page_of(report);
  const std::string worse = "<div class='slot worse' title='";
  const auto first = page.find(worse);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(page.substr(first + worse.size(), 4), "S17,");
  EXPECT_EQ(page.find(worse, first + 1), std::string::npos);
  EXPECT_THAT(page, HasSubstr("<small>hub 1-8</small>"));
}

TEST(HtmlReport, AFewAttemptsAreToldStepByStepWithTheHashesReadBack) {
  const db::Attempt attempt = sample::attempt(2, 1, sample::passed(2));
  const std::string page = page_of(sample::report({attempt}));
  ASSERT_FALSE(attempt.finished.steps.empty());
  for (const db::Step& step : attempt.finished.steps) EXPECT_THAT(page, HasSubstr(db::hex(step.image->sha256)));
}

TEST(HtmlReport, OfNothingSaysSo) {
  EXPECT_THAT(page_of(sample::report({})), HasSubstr("<p>No attempts.</p>"));
}

}  // namespace
}  // namespace reports
