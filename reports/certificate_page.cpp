#include "reports/certificate_page.h"

#include <QByteArray>
#include <QCryptographicHash>
#include <QRegularExpression>
#include <QString>
#include <optional>
#include <vector>

#include "reports/charts.h"
#include "reports/drawing.h"
#include "reports/html_parts.h"
#include "reports/qr_code.h"
#include "reports/statistics.h"

namespace reports {

namespace {

// The lines of a signed text, in their order.
class Lines {
 public:
  explicit Lines(const std::string& text) {
    const QStringList all = QString::fromStdString(text).split('\n');
    for (const QString& line : all) {
      const qsizetype colon = line.indexOf(": ");
      if (colon > 0) lines_.emplace_back(line.left(colon).toStdString(), line.mid(colon + 2).toStdString());
    }
  }
  // The first of its kind; empty where there is none.
  std::string value(const std::string& key) const {
    for (const auto& [name, value] : lines_) {
      if (name == key) return value;
    }
    return {};
  }
  std::vector<std::string> values(const std::string& key) const {
    std::vector<std::string> all;
    for (const auto& [name, value] : lines_) {
      if (name == key) all.push_back(value);
    }
    return all;
  }
  std::uint64_t count(const std::string& key) const { return QString::fromStdString(value(key)).toULongLong(); }

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

std::string mono(const std::string& text) {
  return "<span class=mono>" + escaped(text) + "</span>";
}

// A digest in groups of eight, as a person compares it.
std::string digest(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 8) out += (i == 0 ? "" : " ") + hex.substr(i, 8);
  return mono(out);
}

std::string sha256_of(const std::string& text) {
  return QCryptographicHash::hash(QByteArray::fromStdString(text), QCryptographicHash::Sha256).toHex().toStdString();
}

// "2026-11-22T06:00:00.000Z by Li" as "2026-11-22 06:00 UTC by Li"; the text has " by -" where nobody gave a name.
std::string moment(const std::string& text) {
  static const QRegularExpression form("^(\\d{4}-\\d\\d-\\d\\d)T(\\d\\d:\\d\\d):\\d\\d(?:\\.\\d+)?Z(.*)$");
  const auto match = form.match(QString::fromStdString(text));
  if (!match.hasMatch()) return escaped(text);
  const QString by = match.captured(3) == " by -" ? QString() : match.captured(3);
  return escaped((match.captured(1) + " " + match.captured(2) + " UTC" + by).toStdString());
}

void put_fact(const char* name, const std::string& value, std::ostream& out) {
  if (!value.empty() && value != "-") out << "<dt>" << name << "</dt><dd>" << value << "</dd>\n";
}

void put_title(const std::string& kind, const std::string& name, const CertificateFacts& facts, std::ostream& out) {
  put_page_begin(kind + " " + name, "certificate", out);
  out << "<header><p class=kind>" << kind << "</p>\n<h1>" << escaped(name) << "</h1>\n<p class=from>"
      << (facts.station.empty() ? "" : "Made on station <b>" + escaped(facts.station) + "</b>")
      << "</p><button id=print class=screen type=button>Print</button></header>\n";
}

struct Digest {
  std::string hex, name;
};

Digest digest_line(const std::string& line) {
  const std::size_t space = line.find(' ');
  return {line.substr(0, space), space == std::string::npos ? std::string() : line.substr(space + 1)};
}

void put_bytes(const Lines& lines, const CertificateFacts& facts, std::ostream& out) {
  out << "<section><h2>What was programmed</h2>\n<table class=bytes><thead><tr><th></th><th>Name</th><th>SHA-256</th>"
         "</tr></thead><tbody>\n";
  for (const std::string& line : lines.values("recipe")) {
    const Digest recipe = digest_line(line);
    const auto revision = facts.revisions.find(recipe.hex);
    const bool known = revision != facts.revisions.end() && !revision->second.empty();
    out << "<tr><td>Recipe</td><td><b>" << escaped(recipe.name) << "</b>"
        << (known ? "<br>revision " + escaped(revision->second) : std::string()) << "</td><td>" << digest(recipe.hex)
        << "</td></tr>\n";
  }
  for (const std::string& line : lines.values("image")) {
    const Digest image = digest_line(line);
    out << "<tr><td>Image</td><td>" << escaped(image.name) << "</td><td>" << digest(image.hex) << "</td></tr>\n";
  }
  out << "</tbody></table></section>\n";
}

void put_figure(const std::string& value, const char* name, std::ostream& out) {
  out << "<div><b>" << value << "</b><span>" << name << "</span></div>\n";
}

void put_figures(const Lines& lines, std::ostream& out) {
  const std::uint64_t good = lines.count("passed") + lines.count("already");
  const std::uint64_t not_good = lines.count("failed") + lines.count("error") + lines.count("interrupted");
  const Share yield{good, good + not_good + lines.count("cancelled")};
  out << "<div class=figures>\n";
  put_figure(escaped(lines.value("quantity")), "units ordered", out);
  put_figure(escaped(lines.value("made")), "units made", out);
  put_figure(yield.whole == 0 ? "-" : percent(yield.value()), "yield, by the last attempt of each unit", out);
  put_figure(std::to_string(not_good), "units not passed", out);
  out << "</div>\n";
}

// "passed 3b00... SN-1 attempt 0193... at 2026-... in A2"
void put_unit_row(const std::string& line, std::size_t number, std::ostream& out) {
  static const QRegularExpression form("^(\\S+) (\\S+) (.*) attempt ([0-9a-f-]{36}) at (\\S+) in (.*)$");
  const auto match = form.match(QString::fromStdString(line));
  const auto part = [&match](int i) { return match.captured(i).toStdString(); };
  if (!match.hasMatch()) {
    out << "<tr><td class=n>" << number << "</td><td colspan=6>" << escaped(line) << "</td></tr>\n";
    return;
  }
  const std::optional<db::Outcome> outcome = db::parse_outcome(part(1));
  const Sign sign = sign_of(outcome.value_or(db::Outcome::error));
  const QString at = match.captured(5).left(19).replace('T', ' ');
  out << "<tr><td class=n>" << number << "</td><td>" << mono(part(2)) << "</td><td>" << escaped(part(3))
      << "</td><td class='v " << sign.kind << "'>" << sign.sign << " " << escaped(part(1)) << "</td><td class=w>"
      << escaped(at.toStdString()) << "</td><td>" << escaped(part(6)) << "</td><td class='mono small'>"
      << escaped(part(4)) << "</td></tr>\n";
}

void put_units(const Lines& lines, std::ostream& out) {
  const std::vector<std::string> units = lines.values("unit");
  constexpr std::size_t beside_the_rest = 8;  // rows that the first sheet has room for
  out << "<section class='units" << (units.size() > beside_the_rest ? " many" : "") << "'><h2>Units (" << units.size()
      << ")</h2>\n<table><thead><tr><th class=n>No.</th><th>Chip or device id</th><th>Label</th><th>Outcome</th>"
         "<th>Verdict (UTC)</th><th>Slot</th><th>Attempt on record</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < units.size(); ++i) put_unit_row(units[i], i + 1, out);
  out << "</tbody></table></section>\n";
}

// What somebody needs who holds the page and nothing of ours.
void put_check(const SignedText& certificate, const Lines& lines, std::ostream& out) {
  const std::string key = lines.value("public_key");
  const bool is_signed = !certificate.signature.empty();
  const std::string scanned =
      is_signed ? certificate.signature : certificate.file + "\nSHA-256 " + sha256_of(certificate.text) + "\n" + key;
  out << "<section class=check><h2>Signature, and how to check it</h2>\n<div class=sides><div>\n";
  out << "<dl>\n";
  put_fact("Public key", mono(key), out);
  put_fact("SHA-256 of the signed text", digest(sha256_of(certificate.text)), out);
  put_fact("Record",
           "row " + escaped(lines.value("row")) + " of installation " + mono(lines.value("installation")) + "<br>" +
               digest(lines.value("hash")),
           out);
  out << "</dl>\n";
  if (is_signed) {
    out << "<ol><li>Save the <a download='" << escaped(certificate.file) << "' href='data:text/plain;base64,"
        << QByteArray::fromStdString(certificate.text).toBase64().toStdString() << "'>signed text</a> as "
        << mono(certificate.file) << " and the <a download='" << escaped(certificate.file)
        << ".minisig' href='data:application/octet-stream;base64,"
        << QByteArray::fromStdString(certificate.signature).toBase64().toStdString() << "'>signature</a> as "
        << mono(certificate.file + ".minisig") << ". The QR code holds the same signature.</li>\n<li>Check it: "
        << mono("minisign -V -P " + key + " -m " + certificate.file)
        << "</li>\n<li>Compare the public key with the one that you got from the station in another way.</li>\n";
  } else {
    out << "<p><b>This page carries no signature:</b> the station's key was not at hand when it was made. The "
           "signature "
           "lies beside the signed text, in "
        << mono(certificate.file + ".minisig") << ".</p>\n<ol><li>Save the <a download='" << escaped(certificate.file)
        << "' href='data:text/plain;base64," << QByteArray::fromStdString(certificate.text).toBase64().toStdString()
        << "'>signed text</a>.</li>\n";
  }
  out << "<li>With the record: " << mono("flashline audit verify --against " + certificate.file)
      << " proves the rows behind this page.</li></ol></div>\n<figure>" << qr_code(scanned, "QR code of the signature")
      << "<figcaption>" << (is_signed ? "Signature file" : "SHA-256 and public key")
      << "</figcaption></figure></div>\n";
  if (is_signed) out << "<pre class=signature>" << escaped_lines(certificate.signature) << "</pre>\n";
  out << "</section>\n";
}

void put_end(const SignedText& certificate, const CertificateFacts& facts, std::ostream& out) {
  out << "<details class=screen><summary>The signed text</summary><pre>" << escaped_lines(certificate.text)
      << "</pre></details>\n<footer>Page made " << second(facts.made) << " UTC from the signed text. "
      << escaped(facts.verified) << " Times are UTC.</footer>\n";
  put_page_end(out);
}

void put_order(const Lines& lines, const CertificateFacts& facts, std::ostream& out) {
  put_title("Certificate of production order", lines.value("order"), facts, out);
  put_figures(lines, out);
  out << "<section><h2>Order</h2><dl>\n";
  put_fact("Product", escaped(lines.value("product")), out);
  put_fact("Lot", escaped(lines.value("lot")), out);
  put_fact("Opened", moment(lines.value("opened")), out);
  put_fact("Released", moment(lines.value("closed")), out);
  put_fact("Reason", escaped(lines.value("reason")), out);
  put_fact("Units that held everything already",
           lines.value("already_counts") == "yes" ? "count as made" : "do not count as made", out);
  out << "</dl></section>\n";
  put_bytes(lines, facts, out);
}

std::string state_of(const Lines& lines) {
  const Sign sign = sign_of(db::parse_outcome(lines.value("outcome")).value_or(db::Outcome::error));
  return std::string("<b class='v ") + sign.kind + "'>" + sign.sign + " " + escaped(lines.value("outcome")) + "</b>";
}

void put_unit(const Lines& lines, const CertificateFacts& facts, std::ostream& out) {
  const std::string label = lines.value("label"), id = lines.value("unit");
  put_title("Certificate of unit", label.empty() || label == "-" ? id : label, facts, out);
  out << "<section><h2>Unit</h2><dl class=two>\n";
  put_fact("Chip or device id", id == "-" ? "" : mono(id), out);
  for (const std::string& serial : lines.values("serial")) put_fact("USB serial", mono(serial), out);
  put_fact("Verdict", state_of(lines), out);
  put_fact("Every byte read back", escaped(lines.value("verified")), out);
  put_fact("Started with it", escaped(lines.value("booted")), out);
  put_fact("Verdict given", moment(lines.value("finished")), out);
  put_fact("Attempt on record", mono(lines.value("attempt")), out);
  put_fact("Order", escaped(lines.value("for_order")), out);
  put_fact("Lot", escaped(lines.value("for_lot")), out);
  put_fact("Slot", escaped(lines.value("slot")), out);
  put_fact("Operator", escaped(lines.value("operator")), out);
  put_fact("Released", moment(lines.value("issued")), out);
  for (const std::string& decision : lines.values("decision")) put_fact("Decision", moment(decision), out);
  out << "</dl></section>\n";
  put_bytes(lines, facts, out);
  out << "<section><h2>What is in it, read back from the unit</h2>\n<table class=bytes><thead><tr><th>Address</th>"
         "<th class=n>Bytes</th><th>SHA-256 of the bytes read back</th></tr></thead><tbody>\n";
  for (const std::string& line : lines.values("holds")) {
    const QStringList parts = QString::fromStdString(line).split(' ');
    if (parts.size() < 3) continue;
    out << "<tr><td>" << mono(parts[0].toStdString()) << "</td><td class=n>" << escaped(parts[1].toStdString())
        << "</td><td>" << digest(parts[2].toStdString()) << "</td></tr>\n";
  }
  out << "</tbody></table></section>\n";
}

}  // namespace

void write_certificate(const SignedText& certificate, const CertificateFacts& facts, std::ostream& out) {
  const Lines lines(certificate.text);
  if (certificate.text.starts_with("flashline unit certificate")) {
    put_unit(lines, facts, out);
    put_check(certificate, lines, out);
  } else {
    put_order(lines, facts, out);
    put_check(certificate, lines, out);
    put_units(lines, out);
  }
  put_end(certificate, facts, out);
}

}  // namespace reports
