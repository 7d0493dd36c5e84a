#include <QJsonArray>
#include <QRegularExpression>
#include <map>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "reports/attempt_json.h"
#include "reports/report.h"
#include "reports/unit.h"
#include "tests/reports/attempt.h"

namespace reports {
namespace {

using Row = std::vector<std::string>;

std::string csv_of(const std::vector<db::Attempt>& attempts) {
  std::ostringstream out;
  write_csv(sample::report(attempts), out);
  return out.str();
}

// RFC 4180 to the letter: anything that it does not allow is a failure.
std::vector<Row> parsed(std::string text) {
  EXPECT_TRUE(text.starts_with("\xEF\xBB\xBF"));
  text.erase(0, 3);
  std::vector<Row> rows;
  Row row{""};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        row.back() += c;
      } else if (text[i + 1] == '"') {
        row.back() += text[++i];
      } else {
        quoted = false;
        EXPECT_TRUE(text[i + 1] == ',' || text[i + 1] == '\r');
      }
    } else if (c == '"') {
      EXPECT_TRUE(row.back().empty());
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\r') {
      EXPECT_EQ(text[++i], '\n');
      rows.push_back(row);
      row = {""};
    } else {
      EXPECT_NE(c, '\n');
      row.back() += c;
    }
  }
  EXPECT_EQ(row, Row{""}) << "the last row ends too";
  return rows;
}

std::map<std::string, std::string> first_of(const db::Attempt& attempt) {
  const auto rows = parsed(csv_of({attempt}));
  std::map<std::string, std::string> cells;
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].size(), rows[1].size());
  for (std::size_t i = 0; i < rows[0].size(); ++i) cells[rows[0][i]] = rows[1][i];
  return cells;
}

db::Attempt passed() {
  return sample::attempt(2, 1, sample::passed(2));
}

TEST(CsvReport, HasEveryKeyOfTheJsonAndNoOther) {
  for (const db::Attempt& attempt : {passed(), sample::attempt(3, 1, sample::failed(3))}) {
    auto cells = first_of(attempt);
    const QJsonObject json = attempt_json(attempt);
    for (const QString& key : json.keys()) {
      if (key == "fault" || key == "steps") continue;
      EXPECT_EQ(cells.erase(key.toStdString()), 1u) << key.toStdString();
    }
    for (const QString& key : fault_json(sample::failed(3).fault).toObject().keys()) {
      EXPECT_EQ(cells.erase("fault." + key.toStdString()), 1u) << key.toStdString();
    }
    for (const QString& key : step_json(sample::passed(2).steps[0], sample::passed(2)).keys()) {
      for (const char* step : {"step.1.", "step.2."}) EXPECT_EQ(cells.erase(step + key.toStdString()), 1u);
    }
    EXPECT_TRUE(cells.empty()) << cells.begin()->first;
  }
}

TEST(CsvReport, TellsAnAttemptAsTheJsonDoes) {
  auto cells = first_of(passed());
  EXPECT_EQ(cells["outcome"], "passed");
  EXPECT_EQ(cells["verified"], "true");
  EXPECT_EQ(cells["fault.code"], "");
  EXPECT_EQ(cells["port"], "1-1.2");
  EXPECT_EQ(cells["serials"], "00000000010C 00000000050C");
  EXPECT_EQ(cells["unit"], "3b002c001847353236343033");
  EXPECT_EQ(cells["flash_seconds"], "7.61");
  EXPECT_EQ(cells["step.1.bytes"], "248732");
  EXPECT_EQ(cells["step.2.name"], "system-part2");
  EXPECT_EQ(cells["step.2.address"], "0x08060000");
  EXPECT_EQ(cells["recipe_sha256"], db::hex(sample::digest(0xAB)));
  auto failed = first_of(sample::attempt(3, 1, sample::failed(3)));
  EXPECT_EQ(failed["fault.code"], "verify-mismatch");
  EXPECT_EQ(failed["fault.block"], "3");
  EXPECT_EQ(failed["verified"], "false");
  EXPECT_EQ(failed["step.1.readback_sha256"], "");
}

TEST(CsvReport, RowsHaveAsManyCellsAsTheLongestNeeds) {
  db::Attempt none = sample::attempt(4, 4, sample::failed(4));
  none.finished.steps.clear();
  none.started.recipe.reset();
  db::Attempt three = passed();
  three.finished.steps.push_back(three.finished.steps[0]);
  const auto rows = parsed(csv_of({none, three, sample::open_attempt(7, 6, db::Outcome::running)}));
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].back(), "step.3.alt");
  for (const Row& row : rows) EXPECT_EQ(row.size(), rows[0].size());
}

TEST(CsvReport, OfNothingIsItsHeading) {
  const auto rows = parsed(csv_of({}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].front(), "event");
}

TEST(CsvReport, AttemptThatBeganAfterTheColumnsWereCountedIsLeftOut) {
  int pass = 0;
  const Report report{{}, [&pass](const Report::Visitor& visitor) {
                        visitor(sample::attempt(2, 1, sample::failed(2)));
                        db::Attempt late = passed();
                        late.finished.steps.resize(3, late.finished.steps[0]);
                        if (pass++ == 1) visitor(late);
                      }};
  std::ostringstream out;
  write_csv(report, out);
  EXPECT_EQ(parsed(out.str()).size(), 2u);
}

TEST(CsvReport, AnyTextComesBackWhole) {
  for (const std::string text : {"Jürgen \"Ü\" Weiß", "a,b", "a;b", "line\r\nbreak", "\"", "\"\"", " blank ", "日本",
                                 "plain", "A3", "x=1", "1-1.4.2", "2b04:d006", "00000000010C", "3e5f"}) {
    db::Attempt attempt = passed();
    attempt.started.operator_name = text;
    EXPECT_EQ(first_of(attempt)["operator"], text);
  }
}

// And come back whole without it.
TEST(CsvReport, TextThatASpreadsheetWouldChangeGetsAnApostropheInEveryColumnOfText) {
  for (const std::string text : {"=1+1",     "+1",         "-1",
                                 "@SUM(A1)", "\tx",        "\rx",
                                 "\nx",      "'quoted",    "=HYPERLINK(\"http://x\";\"y\")",
                                 "＝1",      "0200",       "200034000447343233323032",
                                 "1e5",      "3E10",       "1.5",
                                 "1,5",      "1-3",        "3/4",
                                 "12:30",    "2024-11-22", "0483:0011"}) {
    db::Attempt attempt = passed();
    attempt.started.operator_name = attempt.started.lot = attempt.started.job = text;
    attempt.visit.slot = attempt.finished.unit = text;
    attempt.finished.serials = {text};
    attempt.finished.steps[0].name = text;
    auto cells = first_of(attempt);
    for (const char* column : {"operator", "lot", "job", "slot", "unit", "serials", "step.1.name"}) {
      EXPECT_EQ(cells[column], "'" + text) << column;
    }
  }
}

// Any text of the characters that matter, as regular expressions say what a spreadsheet makes of it.
TEST(HoldersCsv, ATextIsMarkedAndQuotedWhereASpreadsheetWouldTakeItForSomethingElse) {
  const QRegularExpression number("^[0-9., ]*[0-9][0-9., ]*([eE][+-]?[0-9]+)?$");
  const QRegularExpression date_or_time("^[0-9]+([-/:])[0-9]+(\\1[0-9]+)?$");
  const QRegularExpression needs_quotes("[\",;\t\r\n]");
  const QString calculated = QString::fromUtf8("=+-@\t\r\n'\uFF1D\uFF0B\uFF0D\uFF20");
  const std::vector<std::string> pieces{"1", "0", "2",  ".", ",",  " ",  "e", "E", "+",      "-",      "/", ":",
                                        "a", "x", "\"", ";", "\n", "\t", "=", "'", "\uFF1D", "\u00e4", "_"};
  std::mt19937 random(20261130);
  for (int i = 0; i < 20000; ++i) {
    Holder holder;
    for (std::size_t pieces_left = random() % 7; pieces_left > 0; --pieces_left) {
      holder.unit += pieces[random() % (i % 2 ? pieces.size() : 12)];
    }
    holder.held.image = std::make_shared<const db::Image>();
    QString wanted = QString::fromStdString(holder.unit);
    const bool is_calculated = !wanted.isEmpty() && calculated.contains(wanted[0]);
    if (is_calculated || number.match(wanted).hasMatch() || date_or_time.match(wanted).hasMatch()) {
      wanted.prepend('\'');
    }
    if (wanted.contains(needs_quotes)) wanted = '"' + wanted.replace('"', "\"\"") + '"';
    std::ostringstream out;
    write_holders_csv({holder}, out);
    const std::string row = out.str().substr(out.str().find("\r\n") + 2);
    ASSERT_TRUE(row.starts_with(wanted.toStdString() + ",")) << holder.unit << ": " << row;
  }
}

}  // namespace
}  // namespace reports
