// Units that are there and do not fit: `flash`, `list` and `doctor` say the same of them, and units with unusual
// descriptors are flashed where they can be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/station/program.h"

namespace station {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A vector table whose program is its own reset handler: a branch to itself.
std::string program() {
  std::string bytes("\x00\x50\x00\x20\x41\x00\x00\x08", 8);
  while (bytes.size() < 0x40) bytes += std::string("\x41\x00\x00\x08", 4);
  while (bytes.size() < 0x200) bytes += std::string("\xfe\xe7\x00\xbf", 4);
  return bytes;
}

class Misfits : public testing::Test {
 protected:
  Misfits() { folder_.write("program.bin", program()); }

  // One unit with these descriptors, and a recipe with these keys in [device].
  Ran run(const std::string& command, const std::string& unit, const std::string& device) {
    folder_.write("line.toml", "[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.1\"\nprofile = \"stm32-rom\"\n" + unit);
    folder_.write(
        "r.toml",
        "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\nmap = \"@Internal Flash  "
        "/0x08000000/04*016Kg,01*064Kg,07*128Kg\"\n" +
            device +
            "[[step]]\nname = \"program\"\nimage = \"program.bin\"\naddress = 0x08000000\n[policy]\nconfirm = "
            "\"none\"\n");
    std::vector<std::string> all{command, "--line", "line.toml"};
    if (command == "flash") all.insert(all.end(), {"r.toml", "--db", "r.db", "--speed", "20", "--json"});
    if (command != "flash") all.insert(all.end(), {"--recipe", "r.toml"});
    if (command == "doctor") all.insert(all.end(), {"--db", "r.db"});
    return folder_.run(all);
  }

  void expect_flashed(const std::string& unit, const std::string& device) {
    const Ran ran = run("flash", unit, device);
    EXPECT_EQ(ran.status, 0) << unit << device << ran.err << ran.out;
    EXPECT_THAT(run("list", unit, device).out, AllOf(HasSubstr("1 in DFU mode"), Not(HasSubstr("does not fit"))));
  }

  void expect_unfit(const std::string& unit, const std::string& device, const std::string& why) {
    const Ran ran = run("flash", unit, device);
    EXPECT_EQ(ran.status, 69) << ran.err << ran.out;
    EXPECT_THAT(ran.err, AllOf(HasSubstr("1-1.1"), HasSubstr(why), Not(HasSubstr("It wants"))));
    EXPECT_THAT(run("list", unit, device).out, AllOf(HasSubstr("does not fit"), HasSubstr(why)));
    EXPECT_THAT(run("doctor", unit, device).out, AllOf(HasSubstr("unit-fit"), HasSubstr(why)));
  }

  ProgramFolder folder_;
};

TEST_F(Misfits, TheUnitsOwnInterfaceIsUsed) {
  expect_flashed("", "");
  expect_flashed("interface = 1\n", "");
  expect_flashed("interface = 3\n", "interface = 3\n");
}

TEST_F(Misfits, ATransferSizeOfAnySort) {
  expect_flashed("transfer_size = 0\n", "transfer_size = 2048\n");
  expect_flashed("transfer_size = 2048\n", "transfer_size = 64\n");
  for (const char* size : {"64", "1024", "65535"}) expect_flashed("transfer_size = " + std::string(size) + "\n", "");
}

// Its blocks land where the image goes, whatever size the recipe assumes.
TEST_F(Misfits, ABlockOfAnAssumedSizeLandsWhereItBelongs) {
  folder_.write("program.bin", program() + std::string(3000, 'x'));
  const Ran ran = run("flash", "transfer_size = 0\nflash = \"u.bin\"\n", "transfer_size = 64\n");
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  const std::string held = folder_.read("u.bin"), image = program() + std::string(3000, 'x');
  EXPECT_EQ(held.substr(0, image.size()), image);
  EXPECT_EQ(held.find_first_not_of('\xFF', image.size()), std::string::npos);
}

TEST_F(Misfits, ADfuSeUnitIsRefusedByARecipeOfPlainDfu) {
  folder_.write("line.toml", "[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.1\"\nprofile = \"stm32-rom\"\n");
  folder_.write(
      "r.toml",
      "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\ndialect = \"dfu11\"\n[[step]]\nname = \"a\"\nimage "
      "= \"program.bin\"\n[policy]\nverify = \"none\"\n");
  const Ran ran = folder_.run({"flash", "--line", "line.toml", "r.toml", "--db", "r.db", "--json"});
  EXPECT_EQ(ran.status, 1) << ran.err << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("map-mismatch"), HasSubstr("speaks DfuSe"), HasSubstr("Nothing was written")));
}

TEST_F(Misfits, AMapThatIsDamagedWhereItIsNeededIsSaidToBeThat) {
  const Ran ran = run("flash", "map = \"@Internal Flash  /0x08000000/0\"\nsectors = \"@F/0x08000000/04*016Kg\"\n", "");
  EXPECT_EQ(ran.status, 1) << ran.err << ran.out;
  const std::string half = "map = \"@Internal Flash  /0x08000000/01*016K/0x08004000/01*016Kg\"\n";
  const Ran damaged = run("flash", half + "sectors = \"@F/0x08000000/04*016Kg\"\n", "");
  EXPECT_EQ(damaged.status, 1) << damaged.err << damaged.out;
  EXPECT_THAT(damaged.out,
              AllOf(HasSubstr("does not say clearly what is at 0x08000000"), Not(HasSubstr("take it out"))));
}

TEST_F(Misfits, AreToldWithTheirRemedy) {
  expect_unfit("", "alt = 7\n", "has no alternate setting 7, only 0, 1, 2, 3");
  expect_unfit("transfer_size = 0\n", "", "transfer_size = 1024");
  expect_unfit("interface = 2\n", "interface = 1\n", "on interface 1: on 2");
}

TEST_F(Misfits, RunTimeIsSaidToBeRunTime) {
  const Ran ran = run("flash", "protocol = 1\n", "");
  EXPECT_EQ(ran.status, 69) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("protocol 1, run time"), HasSubstr("enter_dfu = true")));
  EXPECT_THAT(run("list", "protocol = 1\n", "").out, HasSubstr("runtime"));
}

TEST_F(Misfits, OneAmongGoodUnitsIsTold) {
  const Ran ran = run("flash", "[[unit]]\nport = \"1-1.2\"\nprofile = \"stm32-rom\"\ntransfer_size = 0\n", "");
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("not every unit was begun"), HasSubstr("1-1.2")));
}

TEST_F(Misfits, WithoutAnyUnitTheRecipeSaysWhatItWants) {
  const Ran ran = run("flash", "starts = \"absent\"\n", "");
  EXPECT_EQ(ran.status, 69) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("It is for 0483:df11, in DFU mode"));
}

}  // namespace
}  // namespace station
