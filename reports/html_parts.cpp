#include "reports/html_parts.h"

#include <QCryptographicHash>
#include <QString>

#include "reports/charts.h"
#include "reports/drawing.h"
#include "reports/page.h"

namespace reports {

// It lets the browser run this one script and load nothing, whatever text the record holds.
std::string page_policy() {
  const QByteArray hash =
      QCryptographicHash::hash(QByteArray::fromStdString(page_script()), QCryptographicHash::Sha256).toBase64();
  return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + hash.toStdString() + "'";
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : escaped(text);
}

std::string address(std::int64_t value) {
  return "0x" + QString("%1").arg(value, 8, 16, QChar('0')).toStdString();
}

std::string seconds(const std::optional<db::milliseconds>& duration) {
  return duration ? number(static_cast<double>(duration->count()) / 1000, 2) : "-";
}

Sign sign_of(db::Outcome outcome) {
  switch (outcome) {
    case db::Outcome::passed:
      return {"good", "&#10003;", "passed"};
    case db::Outcome::already:
      return {"good", "&#10003;", "already"};
    case db::Outcome::failed:
      return {"bad", "&#10007;", "failed"};
    case db::Outcome::error:
      return {"odd", "!", "error"};
    case db::Outcome::cancelled:
      return {"odd", "&#9632;", "cancelled"};
    case db::Outcome::interrupted:
      return {"odd", "?", "interrupted"};
    case db::Outcome::running:
      return {"", "&#8230;", "running"};
  }
  return {"odd", "?", "unknown"};
}

// "verified, not booted"
std::string proof_of(const db::AttemptFinished& finished) {
  std::string out;
  const auto add = [&out](const std::optional<bool>& fact, const char* word) {
    if (fact) out += std::string(out.empty() ? "" : ", ") + (*fact ? "" : "not ") + word;
  };
  add(finished.verified, "verified");
  add(finished.booted, "booted");
  return out.empty() ? "-" : out;
}

// Each stays in one piece. A unit that shows its id as its serial shows nothing new.
std::string serials_of(const db::AttemptFinished& finished) {
  std::string out;
  for (const std::string& serial : finished.serials) {
    if (serial != finished.unit) out += "<span class=w>" + escaped(serial) + "</span> ";
  }
  return out.empty() ? finished.serials.empty() ? "-" : "<span class=w>as unit</span>" : out;
}

void put_page_begin(const std::string& title, const char* kind, std::ostream& out) {
  out << "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      << "<meta http-equiv=Content-Security-Policy content=\"" << page_policy() << "\">\n"
      << "<meta name=viewport content='width=device-width'>\n<title>" << escaped(title) << "</title>\n<style>"
      << page_style() << "</style>\n</head>\n<body class=" << kind << ">\n";
}

void put_page_end(std::ostream& out) {
  out << "<script>" << page_script() << "</script>\n</body>\n</html>\n";
}

void put_head(const std::string& title, const std::vector<db::StationInfo>& stations, const Summary& summary,
              std::ostream& out, const char* kind) {
  put_page_begin(title, kind, out);
  out << "<h1>" << escaped(title) << "</h1>\n";
  for (const db::StationInfo& station : stations) {
    out << "<div class=dim>Station " << or_dash(station.name) << " &middot; <span class=mono>"
        << to_string(station.installation) << "</span> &middot; record up to row " << station.head.seq
        << ", <span class=mono>" << db::hex(station.head.hash) << "</span></div>\n";
  }
  if (summary.first) {
    out << "<div class=dim>" << minute(*summary.first) << " to " << minute(*summary.last) << " UTC</div>\n";
  }
  out << "<svg width=0 height=0 style='position:absolute' aria-hidden=true><defs>"
         "<pattern id=hatch width=6 height=6 patternUnits=userSpaceOnUse patternTransform='rotate(45)'>"
         "<rect width=6 height=6 fill='var(--bg)'/><rect width=3 height=6 fill='var(--bad)'/></pattern>"
         "<pattern id=dots width=5 height=5 patternUnits=userSpaceOnUse>"
         "<rect width=5 height=5 fill='var(--bg)'/><rect width=3 height=3 fill='var(--odd)'/></pattern></defs></svg>\n";
}

void put_made(const std::optional<db::Time>& made, const std::string& verified, std::ostream& out) {
  if (!made) return;
  out << "<div class=dim>Report made " << second(*made) << " UTC. " << escaped(verified) << "</div>\n";
}

void put_foot(std::ostream& out) {
  out << "<footer>Times are UTC, durations monotonic. A unit is counted once, by its last attempt. "
         "<span class=mono>flashline audit verify</span> proves that the record is as it was written.</footer>\n";
  put_page_end(out);
}

}  // namespace reports
