// The built program from outside: exit statuses and what it says, for everything that needs no flashing.
#include "tests/station/program.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace station {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

QJsonObject json(const std::string& text) {
  QJsonParseError error;
  const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(text), &error);
  EXPECT_EQ(error.error, QJsonParseError::NoError) << error.errorString().toStdString() << " in: " << text;
  return document.object();
}

class Program : public testing::Test {
 protected:
  // A recipe of one user part, and its image as the build made it.
  void write_user_recipe(const std::string& image) {
    folder_.write("recipe.toml",
                  "[recipe]\nname = \"one\"\n[device]\nprofile = \"photon\"\n[[step]]\nname = \"user\"\nimage = \"" +
                      image + "\"\n");
  }
  std::string user_image() {
    std::ifstream file(FLASHLINE_EXAMPLES "/user.bin", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  ProgramFolder folder_;
};

TEST_F(Program, UsageErrorsEndWith64AndSayNothingOnStandardOutput) {
  const std::vector<std::vector<std::string>> wrong = {
      {}, {"burn"}, {"flash"}, {"flash", "r.toml", "--unknown"}, {"report", "--format", "pdf"}, {"audit"}};
  for (const auto& arguments : wrong) {
    const Ran ran = folder_.run(arguments);
    EXPECT_EQ(ran.status, 64);
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.err, HasSubstr("--help"));
  }
}

TEST_F(Program, HelpAndVersionEndWith0OnStandardOutput) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"}, {"flash", "--help"}, {"--version"}}) {
    const Ran ran = folder_.run(arguments);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("flashline"));
    EXPECT_THAT(ran.err, IsEmpty());
  }
}

TEST_F(Program, CheckPrintsTheLayoutOfTheExample) {
  const Ran ran = folder_.run({"check", example_recipe()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty());
  for (const char* part :
       {"photon-example", "system-part1", "0x08020000", "248,732", "0x08060000", "151,192", "0x080a0000", "86,192"}) {
    EXPECT_THAT(ran.out, HasSubstr(part));
  }
}

TEST_F(Program, CheckAsJsonHasTheKeysOfTheContract) {
  const Ran ran = folder_.run({"check", "--json", example_recipe()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const QJsonObject object = json(ran.out);
  EXPECT_TRUE(object["ok"].toBool());
  EXPECT_TRUE(object["diagnostics"].toArray().isEmpty());
  ASSERT_EQ(object["steps"].toArray().size(), 3);
  const QJsonObject first = object["steps"].toArray()[0].toObject();
  EXPECT_EQ(first["name"].toString(), "system-part1");
  EXPECT_EQ(first["address"].toString(), "0x08020000");
  EXPECT_EQ(first["bytes"].toInt(), 248732);
  EXPECT_EQ(first["sectors"].toInt(), 2);
  EXPECT_EQ(first["sha256"].toString().size(), 64);
  EXPECT_GT(object["floor_seconds"].toDouble(), 1.0);
}

TEST_F(Program, CheckWithPlanPrintsEveryOperation) {
  const Ran text = folder_.run({"check", "--plan", example_recipe()});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("write"));
  EXPECT_THAT(text.out, HasSubstr("leave"));
  const QJsonArray plan = json(folder_.run({"check", "--plan", "--json", example_recipe()}).out)["plan"].toArray();
  qint64 written = 0;
  for (const QJsonValue& each : plan) {
    if (each.toObject()["operation"].toString() == "write") written += each.toObject()["bytes"].toInt();
  }
  EXPECT_EQ(written, 248732 + 151192 + 86192);
}

TEST_F(Program, ABadRecipeEndsWith65AndEachMistakeIsNamedAtItsPlace) {
  folder_.write("user.bin", user_image());
  folder_.write(
      "recipe.toml",
      "[recipe]\nname = \"\"\n[device]\nprofile = \"foton\"\n[[step]]\nname = \"user\"\nimage = \"user.bin\"\n"
      "[policy]\nattempts = 0\n");
  const Ran ran = folder_.run({"check", "recipe.toml"});
  EXPECT_EQ(ran.status, 65);
  EXPECT_THAT(ran.out, IsEmpty());
  for (const char* place : {"recipe.toml:2:", "recipe.toml:4:", "recipe.toml:9:"})
    EXPECT_THAT(ran.err, HasSubstr(place));
  const Ran as_json = folder_.run({"check", "--json", "recipe.toml"});
  EXPECT_EQ(as_json.status, 65);
  EXPECT_FALSE(json(as_json.out)["ok"].toBool(true));
  EXPECT_GE(json(as_json.out)["diagnostics"].toArray().size(), 3);
}

TEST_F(Program, AMissingRecipeOrImageEndsWith66) {
  EXPECT_EQ(folder_.run({"check", "nowhere.toml"}).status, 66);
  EXPECT_EQ(folder_.run({"flash", "nowhere.toml", "--line", "virtual"}).status, 66);
  write_user_recipe("nowhere.bin");
  EXPECT_EQ(folder_.run({"check", "recipe.toml"}).status, 66);
}

TEST_F(Program, DamagedImagesAreRefusedByCheckAndFlashWith65BeforeAnythingIsTouched) {
  std::string changed = user_image();
  changed[1000] ^= 1;
  const std::string truncated = user_image().substr(0, 5000);
  for (const std::string& image : {changed, truncated, std::string(), std::string("<!DOCTYPE html><html></html>")}) {
    folder_.write("user.bin", image);
    write_user_recipe("user.bin");
    EXPECT_EQ(folder_.run({"check", "recipe.toml"}).status, 65);
    const Ran ran = folder_.run({"flash", "recipe.toml", "--line", "virtual", "--db", "never.db"});
    EXPECT_EQ(ran.status, 65);
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.err, HasSubstr("user.bin"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path("never.db")));
  }
}

TEST_F(Program, InspectSaysWhatAnImageIs) {
  const Ran ran = folder_.run({"inspect", FLASHLINE_EXAMPLES "/user.bin"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("particle-module"));
  EXPECT_THAT(ran.out, HasSubstr("SOUND"));
  const QJsonObject object = json(folder_.run({"inspect", "--json", FLASHLINE_EXAMPLES "/user.bin"}).out);
  EXPECT_EQ(object["kind"].toString(), "particle-module");
  EXPECT_TRUE(object["sound"].toBool());
  EXPECT_TRUE(object["problem"].isNull());
  EXPECT_EQ(object["bytes"].toInt(), 86192);
  EXPECT_EQ(object["platform"].toString(), "photon");
  EXPECT_EQ(object["function"].toString(), "user-part");
  EXPECT_EQ(object["index"].toInt(), 1);
  EXPECT_EQ(object["start"].toString(), "0x080a0000");
  EXPECT_EQ(object["end"].toString(), "0x080b50ac");
  ASSERT_EQ(object["dependencies"].toArray().size(), 1);
  EXPECT_EQ(object["dependencies"].toArray()[0].toObject()["function"].toString(), "system-part");
}

TEST_F(Program, InspectEndsWith1ForAnUnsoundFileAnd66ForAMissingOneAndStillDoesTheOthers) {
  folder_.write("page.bin", "<!DOCTYPE html><html><body>404</body></html>");
  const Ran page = folder_.run({"inspect", "--json", "page.bin", FLASHLINE_EXAMPLES "/user.bin"});
  EXPECT_EQ(page.status, 1);
  EXPECT_EQ(std::count(page.out.begin(), page.out.end(), '\n'), 2);
  EXPECT_FALSE(json(page.out.substr(0, page.out.find('\n')))["sound"].toBool(true));
  const Ran missing = folder_.run({"inspect", "nowhere.bin", FLASHLINE_EXAMPLES "/user.bin"});
  EXPECT_EQ(missing.status, 66);
  EXPECT_THAT(missing.err, HasSubstr("nowhere.bin"));
  EXPECT_THAT(missing.out, HasSubstr("user.bin"));
}

TEST_F(Program, InspectOfAFolderReadsEachFileInItOnceInOrder) {
  const std::string page = "<!DOCTYPE html><html><body>404</body></html>";
  folder_.write("images/b.bin", user_image());
  folder_.write("images/a/second.bin", user_image());
  folder_.write("images/a/first.bin", page);
  folder_.write("images/.git/config", page);
  folder_.write("images/.hidden", page);
  namespace fs = std::filesystem;
  fs::create_directory_symlink("..", folder_.path("images/a/around"));
  fs::create_directory_symlink("a", folder_.path("images/again"));
  fs::create_symlink("nowhere", folder_.path("images/dangling"));
  fs::create_symlink("b.bin", folder_.path("images/latest.bin"));
  ASSERT_EQ(mkfifo(folder_.path("images/pipe").c_str(), 0600), 0);
  const Ran ran = folder_.run({"inspect", "--json", "images"});
  EXPECT_EQ(ran.status, 1) << ran.err;
  std::vector<std::string> files;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) files.push_back(json(line)["file"].toString().toStdString());
  EXPECT_THAT(files,
              testing::ElementsAre("images/a/first.bin", "images/a/second.bin", "images/b.bin", "images/latest.bin"));
  const Ran text = folder_.run({"inspect", "images", "nowhere.bin"});
  EXPECT_EQ(text.status, 66);
  EXPECT_THAT(text.out, HasSubstr("\n5 files: 3 sound, 1 not sound, 1 unreadable\nNOT SOUND  images/a/first.bin: "));
}

TEST_F(Program, InspectOfAFolderWithoutFilesIsNoSuccess) {
  folder_.write("images/.hidden", "x");
  const Ran ran = folder_.run({"inspect", "images"});
  EXPECT_EQ(ran.status, 66);
  EXPECT_THAT(ran.err, HasSubstr("images holds no file"));
}

TEST_F(Program, FlashWithoutAUnitOnUsbSaysWhatItLooksForAndEndsWith69) {
  const Ran ran = folder_.run({"flash", example_recipe(), "--port", "99-1.1"});
  EXPECT_EQ(ran.status, 69);
  EXPECT_THAT(ran.err, testing::AnyOf(HasSubstr("2b04:d006"), HasSubstr("no USB"))) << "with USB, and without";
}

TEST_F(Program, BadStationAndLineFilesEndWith78) {
  folder_.write("bad.toml", "[line]\nspeed = \"fast\"\nspeeed = 2\n");
  EXPECT_EQ(folder_.run({"flash", example_recipe(), "--line", "bad.toml"}).status, 78);
  EXPECT_EQ(folder_.run({"flash", example_recipe(), "--line", "virtual", "--station", "bad.toml"}).status, 78);
}

TEST_F(Program, ReportAndAuditOfADatabaseThatIsNotThereEndWith66) {
  EXPECT_EQ(folder_.run({"report", "--db", "nowhere.db"}).status, 66);
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "nowhere.db"}).status, 66);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("nowhere.db")));
}

TEST_F(Program, AFileThatIsNoDatabaseIsNeverCalledVerified) {
  folder_.write("text.db", std::string(5000, 'x'));
  const Ran ran = folder_.run({"audit", "verify", "--db", "text.db"});
  EXPECT_NE(ran.status, 0);
  EXPECT_THAT(ran.out, Not(HasSubstr("VERIFIED")));
  EXPECT_EQ(folder_.run({"report", "--db", "text.db"}).status, 66);
}

}  // namespace
}  // namespace station
