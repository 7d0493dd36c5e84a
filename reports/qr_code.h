// A text as a QR code (ISO/IEC 18004), to stand in an HTML page as SVG: black on white with its quiet zone, whatever
// the style of the page. Pure; any thread.
#pragma once

#include <string>

namespace reports {

// One <svg>; empty where the text is longer than a code can hold (2,331 bytes).
std::string qr_code(const std::string& text, const std::string& title);

}  // namespace reports
