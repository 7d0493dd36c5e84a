#include "reports/printable.h"

#include <cstdint>
#include <cstdio>

#include <gtest/gtest.h>

namespace reports {
namespace {

std::string utf8(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
          byte(0x80 | (code & 0x3F))};
}

TEST(Printable, TextThatSteersNothingStaysAsItIs) {
  for (const char* text : {"", "A2", "J\xC3\xBCrgen", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x94\xA7", "back\\slash",
                           "\xC2\xA0", "\xEF\xBF\xBD"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable(text, Breaks::kept), text);
  }
}

TEST(Printable, EveryControlCharacterBecomesItsEscape) {
  for (std::uint32_t code = 0; code < 0xA0; ++code) {
    if (code >= 0x20 && code < 0x7F) continue;
    char expected[8];
    std::snprintf(expected, sizeof expected, "\\u%04x", code);
    EXPECT_EQ(printable("a" + utf8(code) + "b"), std::string("a") + expected + "b");
  }
}

TEST(Printable, MarksThatTurnALineBecomeEscapes) {
  for (const std::uint32_t code : {0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E,
                                   0x2066, 0x2067, 0x2068, 0x2069, 0xFFFE, 0xFFFF}) {
    EXPECT_EQ(printable(utf8(code))[0], '\\') << std::hex << code;
  }
  EXPECT_EQ(printable("\xE2\x80\xAE"), "\\u202e");
}

TEST(Printable, BytesThatAreNoCharacterAreShownOneByOne) {
  EXPECT_EQ(printable("\xFF"), "\\xff");
  EXPECT_EQ(printable("a\xC3"), "a\\xc3");
  EXPECT_EQ(printable("\xC3(\xE2\x82"), "\\xc3(\\xe2\\x82");
  EXPECT_EQ(printable("\xC0\x9B"), "\\xc0\\x9b") << "too long a form of ESC";
  EXPECT_EQ(printable("\xE0\x82\x9B"), "\\xe0\\x82\\x9b") << "too long a form of U+009B";
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "half of a pair";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond the last character";
}

TEST(Printable, LineBreaksStayOnlyWhereTheyAreLayout) {
  EXPECT_EQ(printable("a\nb\tc\r\n"), "a\\u000ab\\u0009c\\u000d\\u000a");
  EXPECT_EQ(printable("a\nb\tc\r\nd\re", Breaks::kept), "a\nb\tc\r\nd\\u000de");
}

TEST(PrintableFilter, PiecesComeOutAsTheWholeWould) {
  const std::string whole = "x\xE6\x97\xA5\r\n\x1b[31m\xF0\x9F\x94\xA7\xC3\xBC\xFF\r\xE2\x80\xAE\n\xE6\x97";
  for (std::size_t first = 0; first <= whole.size(); ++first) {
    for (std::size_t second = first; second <= whole.size(); ++second) {
      PrintableFilter filter;
      std::string out = filter.take(whole.substr(0, first));
      out += filter.take(whole.substr(first, second - first));
      out += filter.take(whole.substr(second));
      out += filter.finish();
      EXPECT_EQ(out, printable(whole, Breaks::kept)) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace reports
