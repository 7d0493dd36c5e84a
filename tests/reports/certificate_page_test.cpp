// The page of a certificate, as text. Its look is seen on paper.
#include "reports/certificate_page.h"

#include <QByteArray>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/qr_code.h"

namespace reports {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string recipe(64, 'a'), image(64, 'b'), hash(64, 'c');

std::string order_text() {
  return "flashline certificate 1\norder: 4711\nproduct: Lamp\nlot: L7\nquantity: 3\nmade: 2\npassed: 2\nalready: 0\n"
         "failed: 1\nerror: 0\ncancelled: 0\ninterrupted: 0\nalready_counts: no\n"
         "opened: 2026-11-22T06:00:00.000Z by Ada\nclosed: 2026-11-22T08:30:00.000Z by Li\nreason: -\nrecipe: " +
         recipe + " photon\nimage: " + image +
         " user.bin\n"
         "unit: passed 3b002c00 SN 1 attempt 0193a0b0-0000-7000-8000-000000000001 at 2026-11-22T06:10:00.000Z in A2\n"
         "unit: failed - - attempt 0193a0b0-0000-7000-8000-000000000002 at 2026-11-22T06:11:00.000Z in A3\n"
         "first_row: 2\nfirst_hash: " +
         hash + "\ninstallation: 0193a0b0-0000-7000-8000-0000000000ff\nrow: 42\nhash: " + hash +
         "\nsoftware: flashline 0.1.0\npublic_key: RWTkey\n";
}

std::string page_of(const SignedText& text) {
  std::ostringstream out;
  write_certificate(text, {"line-3", {{recipe, "C"}}, db::Time(), "Not verified."}, out);
  return out.str();
}

TEST(CertificatePage, ACustomerReadsOrderRecipeWithRevisionFiguresUnitsAndWhoReleasedIt) {
  const std::string page = page_of({order_text(), "untrusted comment: x\nRWsig\n", "4711.certificate"});
  for (const char* said :
       {"<h1>4711</h1>", "line-3", "Lamp", "revision C", "user.bin", "66.7 %", "Units (2)", "SN 1",
        "2026-11-22 08:30 UTC by Li", "RWTkey", "minisign -V -P RWTkey -m 4711.certificate", "Not verified."}) {
    EXPECT_THAT(page, HasSubstr(said));
  }
  EXPECT_THAT(page, HasSubstr("bbbbbbbb bbbbbbbb")) << "a digest is compared in groups";
  EXPECT_THAT(page, HasSubstr("<svg class=qr"));
}

TEST(CertificatePage, TheSignedTextAndItsSignatureAreSavedFromItByteForByte) {
  const std::string signature = "untrusted comment: x\nRWsig\ntrusted comment: y\nglobal\n";
  const std::string page = page_of({order_text(), signature, "4711.certificate"});
  EXPECT_THAT(page, HasSubstr(QByteArray::fromStdString(order_text()).toBase64().toStdString()));
  EXPECT_THAT(page, HasSubstr(QByteArray::fromStdString(signature).toBase64().toStdString()));
}

TEST(CertificatePage, WithoutTheKeyItSaysThatItCarriesNoSignature) {
  const std::string page = page_of({order_text(), "", "4711.certificate"});
  EXPECT_THAT(page, HasSubstr("This page carries no signature"));
  EXPECT_THAT(page, Not(HasSubstr("minisign -V")));
}

TEST(CertificatePage, WhatTheTextSaysDoesNotBecomeMarkup) {
  std::string text = order_text();
  text.insert(text.find("Lamp"), "<img src=x onerror=y>");
  const std::string page = page_of({text, "", "4711.certificate"});
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(CertificatePage, WhereNobodyGaveANameNobodyIsNamed) {
  std::string text = order_text();
  text.replace(text.find(" by Li"), 6, " by -");
  const std::string page = page_of({text, "", "4711.certificate"});
  EXPECT_THAT(page, HasSubstr("2026-11-22 08:30 UTC<"));
}

TEST(QrCode, HoldsASignatureAndRefusesWhatDoesNotFit) {
  EXPECT_THAT(qr_code("RWTkey", "key"), HasSubstr("viewBox='0 0 29 29'")) << "21 modules and a quiet zone of 4";
  EXPECT_NE(qr_code(std::string(400, 'x'), "signature"), "");
  EXPECT_EQ(qr_code(std::string(5000, 'x'), "too long"), "");
  EXPECT_EQ(qr_code("", "nothing"), "");
}

}  // namespace
}  // namespace reports
