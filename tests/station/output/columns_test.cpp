#include "station/output/columns.h"

#include <gtest/gtest.h>

namespace station {
namespace {

TEST(Columns, WideCharactersTakeTwoAndMarksNone) {
  EXPECT_EQ(columns_of("A2"), 2);
  EXPECT_EQ(columns_of("左2"), 3);
  EXPECT_EQ(columns_of("e\u0301"), 1);
  EXPECT_EQ(columns_of("ä"), 1);
  EXPECT_EQ(columns_of("が"), 2);
  EXPECT_EQ(columns_of("か\u3099"), 2) << "the mark on its own";
  EXPECT_EQ(columns_of("\u231a"), 2) << "a watch, wide since Unicode 9";
  EXPECT_EQ(columns_of("\u3248"), 1) << "a number in a circle, narrow in a block of wide ones";
}

TEST(Columns, WhatDoesNotFitIsCutAndSaysSo) {
  EXPECT_EQ(fit("verify-mismatch", 10), "verify-m..");
  EXPECT_EQ(fit("1-1.10", 4), "1-1.");
  EXPECT_EQ(fit("ok", 4), "ok  ");
  EXPECT_EQ(fit_right("7", 3), "  7");
  EXPECT_EQ(cut("ok", 4), "ok");
  EXPECT_EQ(fit("ok", 0), "");
  EXPECT_EQ(fit("ok", -3), "");
}

TEST(Columns, AWideCharacterIsNotHalved) {
  EXPECT_EQ(fit("左右", 3), "左 ");
  EXPECT_EQ(columns_of(fit("左右左右左右", 9)), 9);
}

TEST(Columns, NothingThatMovesTheCursorGetsThrough) {
  EXPECT_EQ(fit("a\x1b[2Jb\n\t\x7f", 12), "a?[2Jb???   ");
  EXPECT_EQ(cut("\u009b", 5), "?");  // CSI in one byte, as UTF-8
  EXPECT_EQ(cut("a\u202eb\u2028c\u061c", 9), "a?b?c?");
  EXPECT_EQ(cut("a\xff\xc3", 5), "a??");  // no UTF-8
  EXPECT_EQ(cut("\xe5\xb7", 5), "??");    // cut off in the middle
}

}  // namespace
}  // namespace station
