// Makes text that others wrote harmless where it is read: on a terminal, in a log, in a file. A character that could
// steer a terminal or turn the direction of a line becomes an escape that a person can see, and so does what is no
// UTF-8. Everything else stays as it is. Every output goes through one of these at its edge. Pure; any thread.
//
//   U+0000 to U+001F, U+007F to U+009F     \u001b
//   marks that turn the direction, line and paragraph separators, U+FFFE, U+FFFF     \u202e
//   a byte that is part of no character     \x9b
//
// In JSON these escapes mean the same characters, so JSON may go through as well: its own control characters are
// escaped already, and it is UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace reports {

enum class Breaks {
  escaped,  // one line: a name, a message
  kept      // "\n", "\r\n" and tabs are part of the layout: a page, a table
};

std::string printable(std::string_view text, Breaks breaks = Breaks::escaped);

// The same for a text that comes in pieces, which may end within a character. Line breaks are kept.
class PrintableFilter {
 public:
  std::string take(std::string_view piece);
  std::string finish();  // what is left of an unfinished character

 private:
  std::string unfinished_;
};

}  // namespace reports
