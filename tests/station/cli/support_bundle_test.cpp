// `support-bundle`: what is in it, and that no secret is.
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/diagnostics/archive.h"
#include "station/diagnostics/secrets.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string learned(const std::string& text) {
  Secrets secrets;
  secrets.learn(text);
  return secrets.removed_from(text);
}

TEST(Secrets, WhatStandsWhereSecretsDoIsRemoved) {
  for (const std::string text :
       {"password = \"hunter22\"", "db_password: hunter22", "run = [\"hook\", \"--token\", \"hunter22\"]",
        "hook --api-key hunter22 x", "--auth-token=hunter22", "postgresql://li:hunter22@db/line",
        "https://hunter22@git/x", "https://host/x?token=hunter22&y=1", "Authorization: Bearer hunter22",
        "\"pin\": \"hunter22\"", "SECRET=hunter22\nand later hunter22 alone"}) {
    EXPECT_THAT(learned(text), AllOf(Not(HasSubstr("hunter22")), HasSubstr("(removed)"))) << text;
  }
}

TEST(Secrets, WhatHelpsIsKept) {
  for (const std::string text :
       {"name = \"line-3\"", "sha256 = \"a4ba057b5ea6a4ba057b5ea6\"", "key = \"serial\"", "listen = \"127.0.0.1:8080\"",
        "https://host/path", "port 1-1.2: unit 0483:df11 serial '00000000010C'", "public key RWQf6LRCGA9i53ml"}) {
    EXPECT_EQ(learned(text), text);
  }
}

TEST(Secrets, WhatIsKnownToBeOneIsRemovedEverywhereAndTheLongerFirst) {
  Secrets secrets;
  secrets.add("abcdef");
  secrets.add("abcdefgh");
  secrets.add("abc");
  EXPECT_EQ(secrets.removed_from("xabcdefghx abcdef abc"), "x(removed)x (removed) abc");
}

class SupportBundle : public testing::Test {
 protected:
  // All files of the archive in one text, as tar unpacks them.
  std::string unpacked() {
    EXPECT_EQ(std::system(("cd " + folder_.path("") +
                           " && rm -rf u && mkdir u && tar -xzf s.tar.gz -C u && "
                           "grep -rH '' u > all.txt")
                              .c_str()),
              0);
    return folder_.read("all.txt");
  }
  ProgramFolder folder_;
};

TEST_F(SupportBundle, HoldsVersionsDoctorTopologyFilesLogsAndTheRecordsHeadAndNoSecret) {
  const std::string recipe = example_recipe();
  folder_.write("station.toml",
                "name = \"line-3\"\ndatabase = \"r.db\"\n[[slot]]\nport = \"1-1.1\"\nlabel = \"A1\"\nrecipe = \"" +
                    recipe +
                    "\"\n[[hook]]\nrun = [\"/bin/true\", \"--token\", \"TOKEN-of-hook\", "
                    "\"https://li:URL-password@mes/x\"]\n");
  folder_.write("stdin", "483920\n483920\n");
  ASSERT_EQ(folder_.run({"operator", "add", "Li", "--role", "supervisor", "--db", "r.db"}).status, 0);
  ASSERT_EQ(folder_
                .run({"flash", recipe, "--line", "virtual", "--units", "2", "--speed", "20", "--station",
                      "station.toml", "-v"})
                .status,
            0);
  folder_.write("logs/flashline-20260101T000000Z-1.log", "the hook said TOKEN-of-hook and https://a:URL-password@b\n");
  const Ran ran = folder_.run({"support-bundle", "--station", "station.toml", "--line", "virtual", "-o", "s.tar.gz"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("README.txt"), HasSubstr("doctor.txt")));
  const std::string all = unpacked();
  for (const char* part : {"versions.txt:flashline", "SQLite", "doctor.txt:OK", "topology.json:{\"controllers\"",
                           "station.toml:name = \"line-3\"", "-photon.toml:", "system-part1", "\"schema\":",
                           "\"public_key\":\"RW", "\"attempts\":", "logs/flashline-", "passed on port"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
  std::vector<std::string> secrets{"TOKEN-of-hook", "URL-password", "483920"};
  for (const char* file : {"r.db.key", "r.db.operators"}) {
    std::istringstream words(folder_.read(file));
    int found = 0;
    for (std::string word; words >> word;) {
      if (word.size() <= 40) continue;
      secrets.push_back(word);
      ++found;
    }
    EXPECT_GE(found, 1) << file << " has its secret";
  }
  for (const std::string& secret : secrets) EXPECT_THAT(all, Not(HasSubstr(secret)));
}

TEST_F(SupportBundle, IsMadeOfAStationWithoutARecordAndWithABadStationFile) {
  folder_.write("station.toml", "nmae = \"x\"\n");
  const Ran ran = folder_.run({"support-bundle", "--station", "station.toml", "--db", "none.db", "--line", "virtual",
                               "--recipe", "gone.toml", "-o", "s.tar.gz"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(unpacked(), AllOf(HasSubstr("There is no database"), HasSubstr("unknown key 'nmae'"),
                                HasSubstr("doctor.txt:OK"), HasSubstr("gone.toml cannot be read")));
}

TEST_F(SupportBundle, WritesOverNoRecordAndSaysWhatCannotBeMade) {
  folder_.write("r.toml", "");
  EXPECT_EQ(folder_.run({"support-bundle", "--db", "n.db", "--line", "virtual", "-o", "r.toml"}).status, 73);
  EXPECT_EQ(folder_.run({"support-bundle", "--db", "n.db", "--line", "virtual", "-o", "no/s.tar.gz"}).status, 73);
}

}  // namespace
}  // namespace station
