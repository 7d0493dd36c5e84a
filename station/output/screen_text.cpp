#include "station/output/console_screen.h"

namespace station {

std::string plain_text(const Row& row) {
  std::string text;
  for (const Piece& piece : row) text += piece.text;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

namespace {

std::string_view attributes(Look look) {
  switch (look) {
    case Look::plain:
      return {};
    case Look::title:
      return "\x1b[7m";
    case Look::good:
      return "\x1b[1;32m";
    case Look::bad:
      return "\x1b[1;31m";
    case Look::warning:
      return "\x1b[33m";
    case Look::busy:
      return "\x1b[36m";
    case Look::muted:
      return "\x1b[2m";
  }
  return {};
}

}  // namespace

std::string terminal_text(const Row& row, bool colour) {
  if (!colour) return plain_text(row);
  std::string text;
  for (const Piece& piece : row) {
    const std::string_view begin = attributes(piece.look);
    text += begin;
    text += piece.text;
    if (!begin.empty()) text += "\x1b[0m";
  }
  return text;
}

}  // namespace station
