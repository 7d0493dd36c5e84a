#include "reports/groups.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "reports/attempt_json.h"
#include "tests/reports/attempt.h"

namespace reports {
namespace {

using namespace std::chrono_literals;

// Two units in A2, one of which passed at its second attempt, and one in A10 a day later.
std::vector<db::Attempt> attempts() {
  const auto unit = [](db::Attempt attempt, const std::string& id) {
    attempt.finished.unit = id;
    return attempt;
  };
  db::Attempt later = unit(sample::attempt(8, 7, sample::failed(8)), "c");
  later.visit.slot = "A10";
  later.started.at += 24h;
  later.started.job = "J-8";
  later.started.lot.clear();
  later.started.operator_name = "Grace";
  later.station = "line-4";
  return {unit(sample::attempt(2, 1, sample::passed(2)), "a"), unit(sample::attempt(4, 3, sample::failed(4)), "b"),
          unit(sample::attempt(5, 3, sample::passed(5), 2), "b"), later};
}

std::string told(By by) {
  std::string out;
  for (const auto& [name, summary] : grouped(sample::report(attempts()), by)) {
    out += name + " " + std::to_string(summary.good()) + "/" + std::to_string(summary.units) + " in " +
           std::to_string(summary.attempts) + "; ";
  }
  return out;
}

TEST(Groups, CountUnitsWithinEachValue) {
  EXPECT_EQ(told(By::slot), "A2 2/2 in 3; A10 0/1 in 1; ");
  EXPECT_EQ(told(By::hub), "1-1 2/3 in 4; ");
  EXPECT_EQ(told(By::job), "J-7 2/2 in 3; J-8 0/1 in 1; ");
  EXPECT_EQ(told(By::lot), "- 0/1 in 1; L-9 2/2 in 3; ");
  EXPECT_EQ(told(By::operator_name), "Ada 2/2 in 3; Grace 0/1 in 1; ");
  EXPECT_EQ(told(By::day), "2026-11-22 2/2 in 3; 2026-11-23 0/1 in 1; ");
  EXPECT_EQ(told(By::unit), "a 1/1 in 1; b 1/1 in 2; c 0/1 in 1; ");
  EXPECT_EQ(told(By::station), "line-3 2/2 in 3; line-4 0/1 in 1; ");
  EXPECT_EQ(told(By::recipe), "photon-0.4.3 A 2/3 in 4; ");
}

TEST(Groups, APageAndAWorkbookHaveARowForEachValueWithItsYield) {
  std::ostringstream page;
  write_groups_html(sample::report(attempts()), By::slot, page);
  EXPECT_NE(page.str().find("<th scope=row>A10</th>"), std::string::npos);
  EXPECT_NE(page.str().find("width:100.0%"), std::string::npos);
  const sample::Folder folder;
  write_groups_xlsx(sample::report(attempts()), By::slot, folder.file("groups.xlsx"));
  EXPECT_GT(std::filesystem::file_size(folder.file("groups.xlsx")), 1000U);
}

TEST(Groups, TextAndJsonSayWhetherTheRecordWasVerified) {
  Report report = sample::report(attempts());
  report.made = sample::at(0);
  report.verified = "The record was not verified for this.";
  std::ostringstream text, json;
  write_groups(report, By::slot, text);
  write_groups_json(report, By::slot, json);
  EXPECT_NE(text.str().find(report.verified), std::string::npos);
  EXPECT_NE(json.str().find(report.verified), std::string::npos);
}

TEST(Groups, AnOutcomeIsThatOfTheAttempts) {
  EXPECT_EQ(told(By::outcome), "failed 0/2 in 2; passed 2/2 in 2; ");
}

TEST(Groups, AnAttemptIsUnderEachImageOfItsRecipe) {
  EXPECT_EQ(told(By::image), "part1.bin 010101010101 2/3 in 4; part2.bin 020202020202 2/3 in 4; ");
}

TEST(Groups, EveryNameIsReadBack) {
  for (const By by : {By::job, By::lot, By::recipe, By::image, By::unit, By::slot, By::hub, By::operator_name, By::day,
                      By::outcome, By::station}) {
    EXPECT_EQ(parse_by(to_string(by)), by);
  }
  EXPECT_EQ(parse_by("colour"), std::nullopt);
}

TEST(Groups, AreTheSameAsTextCsvAndJson) {
  std::ostringstream text, csv, json;
  write_groups(sample::report(attempts()), By::slot, text);
  write_groups_csv(sample::report(attempts()), By::slot, csv);
  write_groups_json(sample::report(attempts()), By::slot, json);
  EXPECT_EQ(text.str(),
            "slot                                 units      good     yield      from        to  1st pass  attempts  "
            "per unit\n"
            "A2                                       2         2   100.0 %    34.2 %   100.0 %    50.0 %         3    "
            "  1.50\n"
            "A10                                      1         0     0.0 %     0.0 %    79.3 %     0.0 %         1    "
            "  1.00\n");
  EXPECT_NE(csv.str().find("A2,2,3,2,0,0,0,0,0,0,1,0.342"), std::string::npos) << csv.str();
  const QJsonObject read = QJsonDocument::fromJson(QByteArray::fromStdString(json.str())).object();
  EXPECT_EQ(read["by"].toString(), "slot");
  EXPECT_EQ(read["groups"].toArray()[1].toObject()["value"].toString(), "A10");
  EXPECT_EQ(read["groups"].toArray()[0].toObject()["passed"].toInt(), 2);
}

}  // namespace
}  // namespace reports
