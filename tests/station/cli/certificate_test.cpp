// Certificates as pages and reports as files, as somebody at the command line makes and checks them.
#include <QByteArray>
#include <QRegularExpression>
#include <QString>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;

class CertificateCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"job", "open", "WO-1", "--quantity", "2", "--operator", "Ada"}).status, 0);
    ASSERT_EQ(
        run({"flash", example_recipe(), "--line", "virtual", "--units", "2", "--speed", "20", "--job", "WO-1"}).status,
        0);
  }
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--db", "r.db"});
    return folder_.run(arguments);
  }
  void close_order() { ASSERT_EQ(run({"job", "close", "WO-1", "--operator", "Li"}).status, 0); }
  // The n-th file that the page holds to be saved.
  static std::string saved_from(const std::string& page, int n) {
    static const QRegularExpression link("base64,([A-Za-z0-9+/=]+)'");
    auto all = link.globalMatch(QString::fromStdString(page));
    for (; n > 0 && all.hasNext(); --n) all.next();
    return all.hasNext() ? QByteArray::fromBase64(all.next().captured(1).toLatin1()).toStdString() : std::string();
  }

  ProgramFolder folder_;
};

TEST_F(CertificateCommand, AnOpenOrderHasNone) {
  const Ran none = run({"report", "--job", "WO-1", "--format", "certificate"});
  EXPECT_EQ(none.status, 66);
  EXPECT_THAT(none.err, HasSubstr("is not closed"));
}

TEST_F(CertificateCommand, ThePageOfAnOrderHoldsWhatWasSignedAndIsCheckedAsAWhole) {
  close_order();
  ASSERT_EQ(run({"report", "--job", "WO-1", "--format", "certificate", "-o", "c.html"}).status, 0);
  const std::string page = folder_.read("c.html");
  EXPECT_EQ(saved_from(page, 0), folder_.read("WO-1.certificate"));
  EXPECT_EQ(saved_from(page, 1), folder_.read("WO-1.certificate.minisig"));
  const Ran good = run({"audit", "verify", "--against", "c.html"});
  EXPECT_EQ(good.status, 0) << good.out;
  EXPECT_THAT(good.out, HasSubstr("the signed text in it is as this record holds it; what the page shows was not"));
  std::string forged = saved_from(page, 0);
  forged.replace(forged.find("made: 2"), 7, "made: 3");
  std::string other = page;
  const std::string from = QByteArray::fromStdString(saved_from(page, 0)).toBase64().toStdString();
  other.replace(other.find(from), from.size(), QByteArray::fromStdString(forged).toBase64().toStdString());
  folder_.write("forged.html", other);
  EXPECT_EQ(run({"audit", "verify", "--against", "forged.html"}).status, 1);
}

TEST_F(CertificateCommand, AReportOfAClosedOrderIsAnAnchorAndNoChangedCertificate) {
  close_order();
  for (const char* file : {"r.html", "r.xlsx"}) {
    const std::string format = std::string(file).substr(2);
    ASSERT_EQ(run({"report", "--job", "WO-1", "--format", format, "-o", file}).status, 0);
    const Ran verified = run({"audit", "verify", "--against", file});
    EXPECT_EQ(verified.status, 0) << file << verified.out << verified.err;
    EXPECT_THAT(verified.out, HasSubstr("anchor  HOLDS")) << file;
  }
}

TEST_F(CertificateCommand, AWorkbookWithoutARowOfARecordIsRefused) {
  folder_.write("not.xlsx", "PK\x03\x04 and nothing that a ZIP archive has");
  const Ran refused = run({"audit", "verify", "--against", "not.xlsx"});
  EXPECT_EQ(refused.status, 66);
  EXPECT_THAT(refused.err, HasSubstr("names no row of a record"));
}

TEST_F(CertificateCommand, AUnitHasOneOfItsOwnThatIsSignedAndAnAnchor) {
  ASSERT_EQ(run({"label", "SN-1", "--slot", "1-1.1"}).status, 0);
  ASSERT_EQ(run({"report", "--unit", "SN-1", "--format", "certificate", "-o", "u.html"}).status, 0);
  const std::string page = folder_.read("u.html");
  const std::string text = saved_from(page, 0);
  EXPECT_THAT(text, HasSubstr("flashline unit certificate 1\n"));
  EXPECT_THAT(text, HasSubstr("label: SN-1\n"));
  EXPECT_THAT(text, HasSubstr("outcome: passed\n"));
  EXPECT_THAT(text, HasSubstr("holds: 0x"));
  folder_.write("SN-1.unit", text);
  folder_.write("SN-1.unit.minisig", saved_from(page, 1));
  const Ran verified = run({"audit", "verify", "--against", "SN-1.unit"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("signed  yes"));
  EXPECT_EQ(run({"audit", "verify", "--against", "u.html"}).status, 0);
}

TEST_F(CertificateCommand, WhereItCannotBeItIsSaidWhy) {
  EXPECT_EQ(run({"report", "--format", "certificate"}).status, 64);
  const Ran unknown = run({"report", "--unit", "nobody", "--format", "certificate"});
  EXPECT_EQ(unknown.status, 66);
  EXPECT_THAT(unknown.err, HasSubstr("knows no unit nobody"));
}

TEST_F(CertificateCommand, OrdersAreListedAsJson) {
  const Ran listed = run({"job", "list", "--json"});
  EXPECT_EQ(listed.status, 0);
  EXPECT_THAT(listed.out, HasSubstr("\"order\":\"WO-1\""));
  EXPECT_THAT(listed.out, HasSubstr("\"made\":2"));
}

TEST_F(CertificateCommand, GroupsAndASummaryAreWrittenAsPageAndWorkbook) {
  EXPECT_EQ(run({"report", "--by", "slot", "--format", "xlsx", "-o", "g.xlsx"}).status, 0);
  EXPECT_THAT(run({"report", "--by", "slot", "--format", "html"}).out, HasSubstr("By slot"));
  EXPECT_THAT(run({"report", "--job", "WO-1", "--summary", "--format", "html"}).out, HasSubstr("Operators"));
  EXPECT_THAT(run({"report"}).out, HasSubstr("The record was verified when this was made"));
}

}  // namespace
}  // namespace station
