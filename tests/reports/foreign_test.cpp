// What others make of the tables: workbooks are read by openpyxl, CSV by SQLite's shell.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "db/store.h"
#include "reports/attempt_json.h"
#include "reports/columns.h"
#include "reports/report.h"
#include "tests/reports/attempt.h"

namespace reports {
namespace {

// What a program prints, as JSON; null, and a failure, where it does not run.
QJsonDocument said_by(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return {};
  QByteArray text;
  char buffer[4096];
  while (const std::size_t size = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, static_cast<int>(size));
  EXPECT_EQ(pclose(pipe), 0) << command;
  return QJsonDocument::fromJson(text);
}

// Texts that programs like to change, and facts of every kind.
std::vector<db::Attempt> awkward() {
  std::vector<db::Attempt> attempts{sample::attempt(2, 1, sample::passed(2)), sample::attempt(4, 3, sample::failed(4)),
                                    sample::open_attempt(7, 6, db::Outcome::interrupted)};
  std::uint8_t id = 10;
  for (const char* text : {"=1+1", "00000000010C", "3E10", "1-3", "J\xC3\xBCrgen \"\xC3\x9C\" Wei\xC3\x9F", "a,b;c",
                           "line\r\nbreak", "'quoted", " blank ", "\xE6\x97\xA5\xE6\x9C\xAC", "TRUE", "2024-11-22"}) {
    db::Attempt attempt = sample::attempt(id, id, sample::passed(id));
    attempt.started.operator_name = attempt.started.lot = attempt.finished.unit = text;
    attempt.finished.serials = {text};
    attempts.push_back(attempt);
    ++id;
  }
  return attempts;
}

std::vector<std::vector<QJsonValue>> cells_of(const std::vector<db::Attempt>& attempts, std::vector<Column>& columns) {
  columns = columns_for(2);
  std::vector<std::vector<QJsonValue>> rows;
  for (const db::Attempt& attempt : attempts) rows.push_back(reports::cells_of(attempt, columns));
  return rows;
}

class Workbook : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("/usr/bin/python3 -c 'import openpyxl' 2>/dev/null") != 0)
      GTEST_SKIP() << "there is no openpyxl; install python3-openpyxl";
  }

  QJsonArray sheets(const Report& report, std::uint32_t rows_per_sheet) {
    write_xlsx(report, folder_.file("report.xlsx"), rows_per_sheet);
    return said_by("/usr/bin/python3 -B " FLASHLINE_SOURCE_DIR "/tests/reports/read_xlsx.py '" +
                   folder_.file("report.xlsx") + "'")
        .array();
  }

  sample::Folder folder_;
};

TEST_F(Workbook, EveryCellIsReadBackWithItsValueAndItsType) {
  const QJsonArray read = sheets(sample::report(awkward()), 1000);
  ASSERT_EQ(read.size(), 2);
  EXPECT_EQ(read[0].toObject()["name"].toString(), "Figures") << "the sheet that opens";
  EXPECT_EQ(read[1].toObject()["name"].toString(), "Attempts");
  EXPECT_EQ(read[1].toObject()["freeze"].toString(), "A2");
  EXPECT_TRUE(read[1].toObject()["filter"].toString().startsWith("A1:"));
  const QJsonArray rows = read[1].toObject()["rows"].toArray();
  std::vector<Column> columns;
  const auto expected = cells_of(awkward(), columns);
  ASSERT_EQ(rows.size(), static_cast<qsizetype>(expected.size()) + 1);
  for (std::size_t column = 0; column < columns.size(); ++column) {
    EXPECT_EQ(rows[0].toArray()[static_cast<int>(column)].toObject()["value"].toString(), columns[column].name);
  }
  for (std::size_t row = 0; row < expected.size(); ++row) {
    const QJsonArray cells = rows[static_cast<int>(row) + 1].toArray();
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const QJsonObject cell = cells[static_cast<int>(column)].toObject();
      const QJsonValue& value = expected[row][column];
      const std::string where = columns[column].name.toStdString() + " of row " + std::to_string(row);
      if (value.isNull() || (value.isString() && value.toString().isEmpty())) {
        EXPECT_TRUE(cell["value"].isNull()) << where;
        continue;
      }
      EXPECT_EQ(cell["type"].toString(), value.isString() ? "s" : value.isBool() ? "b" : "n") << where;
      if (value.isString()) {
        // A line break within a cell is one character in a workbook.
        EXPECT_EQ(cell["value"].toString().replace("\r\n", "\n"), value.toString().replace("\r\n", "\n")) << where;
      } else {
        EXPECT_EQ(cell["value"], value) << where;
      }
    }
  }
}

TEST_F(Workbook, WhatHappenedBesideTheAttemptsHasSheetsOfItsOwn) {
  db::UuidGenerator uuids;
  db::Store store(folder_.file(), "line-3", sample::run(), uuids);
  store.append(sample::visit(1));
  store.append(sample::started(2, 1));
  for (int i = 0; i < 3; ++i)
    store.append(db::Event{sample::at(i), "clock-step", {}, "", "=1+1", R"({"operator":"li"})"});
  store.append(db::Disposition{sample::at(9), sample::uuid(2), "", db::Verdict::scrap, "wang", "burnt"});
  db::Reader reader(folder_.file());
  db::LineHistory history(folder_.file());
  const QJsonArray read = sheets(make_report(reader, {}, &history), 2);
  QStringList names;
  for (const QJsonValue& sheet : read) names << sheet.toObject()["name"].toString();
  EXPECT_EQ(names, QStringList({"Figures", "Attempts", "Events", "Events 2", "Decisions", "Runs"}));
  const auto cell = [&](int sheet, int row, int column) {
    return read[sheet].toObject()["rows"].toArray()[row].toArray()[column].toObject();
  };
  EXPECT_EQ(cell(2, 0, 1)["value"].toString(), "kind");
  EXPECT_EQ(cell(2, 1, 3)["value"].toString(), "=1+1");
  EXPECT_EQ(cell(2, 1, 3)["type"].toString(), "s") << "no formula";
  EXPECT_EQ(cell(2, 1, 4)["value"].toString(), "li");
  EXPECT_EQ(cell(4, 1, 3)["value"].toString(), "burnt");
  EXPECT_EQ(cell(5, 1, 2)["value"].toString(), "Ada");
}

TEST_F(Workbook, FiguresAreNumbersAndSharesArePercent) {
  const QJsonArray read = sheets(sample::report(awkward()), 1000);
  const QJsonObject figures = read[0].toObject();
  EXPECT_EQ(figures["name"].toString(), "Figures");
  std::map<QString, QJsonObject> by_name;
  for (const QJsonValue& row : figures["rows"].toArray())
    by_name[row.toArray()[0].toObject()["value"].toString()] = row.toArray()[1].toObject();
  EXPECT_EQ(by_name["attempts"]["value"].toInt(), static_cast<int>(awkward().size()));
  EXPECT_EQ(by_name["yield"]["format"].toString(), "0.0 %");
  EXPECT_EQ(by_name["yield"]["type"].toString(), "n");
  EXPECT_EQ(by_name["record hash"]["value"].toString().toStdString(), db::hex(sample::digest(0x5A)));
}

// Every limit around the number of attempts, so that no row is lost or doubled at an edge.
TEST_F(Workbook, MoreAttemptsThanASheetHoldsGoOnOnTheNextWithTheirHeading) {
  const std::vector<db::Attempt> attempts = awkward();
  const auto all = static_cast<std::uint32_t>(attempts.size());
  for (const std::uint32_t limit : {1U, 2U, 7U, all - 1, all, all + 1}) {
    const QJsonArray read = sheets(sample::report(attempts), limit);
    QStringList found;
    for (int i = 0; i + 1 < read.size(); ++i) {
      const QJsonObject sheet = read[i + 1].toObject();
      EXPECT_EQ(sheet["name"].toString(), i == 0 ? QString("Attempts") : QString("Attempts %1").arg(i + 1));
      const QJsonArray rows = sheet["rows"].toArray();
      EXPECT_EQ(rows[0].toArray()[0].toObject()["value"].toString(), "event");
      EXPECT_LE(rows.size(), static_cast<qsizetype>(limit) + 1);
      for (int row = 1; row < rows.size(); ++row) found << rows[row].toArray()[2].toObject()["value"].toString();
    }
    EXPECT_EQ(read.size() - 1, (all + limit - 1) / limit) << "limit " << limit;
    QStringList expected;
    for (const db::Attempt& attempt : attempts) expected << QString::fromStdString(to_string(attempt.started.attempt));
    EXPECT_EQ(found, expected) << "limit " << limit;
  }
}

TEST(CsvInSqlite, EveryCellComesBackThroughItsImport) {
  if (std::system("sqlite3 --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "there is no sqlite3";
  const sample::Folder folder;
  std::ofstream file(folder.file("report.csv"), std::ios::binary);
  write_csv(sample::report(awkward()), file);
  file.close();
  const QJsonArray rows = said_by("sqlite3 -cmd '.import --csv \"" + folder.file("report.csv") +
                                  "\" report' -cmd '.mode json' :memory: 'SELECT * FROM report'")
                              .array();
  std::vector<Column> columns;
  const auto expected = cells_of(awkward(), columns);
  ASSERT_EQ(rows.size(), static_cast<qsizetype>(expected.size()));
  for (std::size_t row = 0; row < expected.size(); ++row) {
    const QJsonObject cells = rows[static_cast<int>(row)].toObject();
    ASSERT_EQ(cells.size(), static_cast<qsizetype>(columns.size()));
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const QJsonValue& value = expected[row][column];
      QString text = cells[columns[column].name].toString();
      if (value.isString() && text.startsWith('\'')) text.remove(0, 1);  // csv.cpp says why it is there
      const std::string where = columns[column].name.toStdString() + " of row " + std::to_string(row);
      if (value.isDouble()) {
        EXPECT_EQ(text.toDouble(), value.toDouble()) << where;
      } else if (value.isBool()) {
        EXPECT_EQ(text, value.toBool() ? "true" : "false") << where;
      } else {
        EXPECT_EQ(text, value.toString()) << where;
      }
    }
  }
}

}  // namespace
}  // namespace reports
