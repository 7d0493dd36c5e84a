#include "station/output/fold.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/output/columns.h"

namespace station {
namespace {

using testing::HasSubstr;

const std::string table =
    "step          does       address          bytes  sectors  sha256        image\n"
    "system-part1  write      0x08020000     248,732        2  a4ba057b5ea6  system-part1.bin\n"
    "user          write      0x080a0000      86,192        1  4aa53994127c  user.bin\n";

TEST(Fold, NoLineIsWiderThanTheScreenAndNoWordIsLost) {
  const std::string doctor =
      "WARN     hub-tt        all ports of 1-1 share 12 Mbit/s (single TT): more than about ten units at a time slow "
      "each "
      "other down\n                       Use hubs with a translator for each port (multi TT).\n";
  for (const std::string& text : {table, doctor,
                                  std::string("a sentence of many short words that goes on and on and on "
                                              "until it is far too long for one line of a terminal\n")}) {
    for (int width = 40; width < 130; ++width) {
      const std::string out = folded(text, width);
      std::istringstream lines(out), before(text), after(out);
      for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), width) << out;
      for (std::string word, same; before >> word;) {
        after >> same;
        EXPECT_EQ(word, same) << width;
      }
    }
  }
}

TEST(Fold, WhatFitsAndWhatHasNoLimitStaysAsItIs) {
  EXPECT_EQ(folded(table, 0), table);
  EXPECT_EQ(folded(table, 200), table);
  EXPECT_EQ(folded("", 60), "");
  EXPECT_EQ(folded("no end of line", 60), "no end of line");
}

TEST(Fold, ATableIsBrokenBetweenItsColumns) {
  EXPECT_EQ(folded("before\n\n" + table + "\n\nafter\n", 60),
            "before\n\n"
            "step          does       address          bytes  sectors\n"
            "    sha256        image\n"
            "system-part1  write      0x08020000     248,732        2\n"
            "    a4ba057b5ea6  system-part1.bin\n"
            "user          write      0x080a0000      86,192        1\n"
            "    4aa53994127c  user.bin\n"
            "\n\nafter\n");
  EXPECT_THAT(folded(table, 80), HasSubstr("sectors  sha256\n    image\n")) << "its head as its rows";
}

TEST(Fold, ANameStaysBesideItsValue) {
  EXPECT_EQ(folded("Station   line-3\nRecord    47 rows, the last of which was written by a program long ago\n", 60),
            "Station   line-3\n"
            "Record    47 rows, the last of which was written by a\n"
            "          program long ago\n");
}

TEST(Fold, ASentenceGoesOnUnderItsBeginning) {
  EXPECT_EQ(folded("OK       kernel        the kernel of this computer is as new as it should be", 60),
            "OK       kernel        the kernel of this computer is as new\n"
            "                       as it should be");
}

TEST(Fold, WhatHasNoBlankStaysWhole) {
  const std::string path = "database /" + std::string(100, 'x') + " is there";
  EXPECT_THAT(folded(path, 60), HasSubstr("/" + std::string(100, 'x')));
}

}  // namespace
}  // namespace station
