#include "config/label_pattern.h"

#include <chrono>

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(LabelPattern, MatchesTheWholeLabelOrNothing) {
  const std::string pattern = "SN-[0-9]{4}";
  EXPECT_TRUE(matches_label_pattern("SN-0042", pattern));
  for (const char* wrong : {"SN-00425", "XSN-0042", "SNß0042", "sn-0042", "", "SN-0042\n"}) {
    EXPECT_FALSE(matches_label_pattern(wrong, pattern)) << wrong;
  }
  EXPECT_TRUE(matches_label_pattern("anything", ""));
}

TEST(LabelPattern, OneThatCouldGoBackForEverDoesNot) {
  for (const char* pattern : {"(a+)+b", "(a|aa)+b", "(a*)*b", "(.*.*.*.*)*X"}) {
    ASSERT_EQ(problem_of_label_pattern(pattern), "") << pattern;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(matches_label_pattern(std::string(128, 'a'), pattern));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2)) << pattern;
  }
}

TEST(LabelPattern, WhatIsNoneIsNamed) {
  EXPECT_EQ(problem_of_label_pattern("SN-[0-9"), "is no regular expression");
  EXPECT_EQ(problem_of_label_pattern("(ab)\\1"), "refers back to a part of itself");
  EXPECT_EQ(problem_of_label_pattern("((a{900}){900}){900}"), "is too large when its repetitions are written out");
  EXPECT_EQ(problem_of_label_pattern(std::string(201, 'a')), "is longer than 200 characters");
}

}  // namespace
}  // namespace config
