#include "scheduler/remark.h"

#include <set>

#include <gtest/gtest.h>

namespace scheduler {
namespace {

RemarkValues everything() {
  RemarkValues values;
  for (const char* name : {"attempt", "rung", "fault", "mode", "seconds", "detail", "port", "step", "unit", "there",
                           "there_is", "here", "here_is", "name", "list"}) {
    values[name] = std::string("<") + name + ">";
  }
  std::int64_t number = 100;
  for (const char* name : {"failed", "units", "others_failed", "others_units", "first", "count", "limit", "attempts",
                           "ports", "others_attempts", "bytes"}) {
    values[name] = ++number;
  }
  values["detail"] = std::string("<detail>.");
  return values;
}

TEST(Remark, EveryCodeHasANameOfItsOwnAndASentence) {
  std::set<std::string_view> names;
  std::set<std::string> sentences;
  for (const RemarkCode code : all_remark_codes()) {
    EXPECT_TRUE(names.insert(to_string(code)).second) << to_string(code);
    RemarkValues values = everything();
    if (code == RemarkCode::port_closed_again) values.erase("count");  // it has none
    const std::string said = english(code, values);
    EXPECT_TRUE(said.ends_with(".")) << said;
    EXPECT_TRUE(sentences.insert(said).second) << said;
    EXPECT_EQ(make_remark(code, "a", "b").kind, kind_of(code));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(RemarkCode::map_ignored) + 1);
}

TEST(Remark, AStepThatIsNotKnownIsLeftOutOfTheSentence) {
  EXPECT_EQ(english(RemarkCode::partial_other, {{"attempt", "x"}, {"step", ""}}),
            "Attempt x left the unit that was here last half-written. This is another unit: find that one.");
  EXPECT_EQ(
      english(RemarkCode::partial_other, {{"attempt", "x"}, {"step", "user"}}),
      "Attempt x left the unit that was here last half-written in step user. This is another unit: find that one.");
}

TEST(Remark, AClosedPortSaysWhyInTheRemarkAndInTheFault) {
  const RemarkValues values{{"count", std::int64_t{3}}, {"fault", "io-error"}};
  EXPECT_EQ(english(RemarkCode::port_closed, values),
            "This port is closed: 3 units in a row failed here, the last by io-error, while others pass elsewhere.");
  EXPECT_EQ(why_closed({{"fault", "stall"}}), "the unit that was to try this port failed too, by stall");
}

}  // namespace
}  // namespace scheduler
