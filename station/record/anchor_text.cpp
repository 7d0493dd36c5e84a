#include "station/record/anchor_text.h"

#include <QByteArray>
#include <QDateTime>
#include <QRegularExpression>
#include <algorithm>

#include <fmt/format.h>

#include "reports/attempt_json.h"
#include "station/text.h"

namespace station {

namespace {

// How a text says it; each catches installation, row and hash by name.
const QRegularExpression& forms() {
  static const QString uuid = "(?<%1>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", hash = "(?<%1>[0-9a-f]{64})",
                       row = "(?<%1>[0-9]{1,18})";
  static const QRegularExpression all(
      // anchor and certificate
      "(?:^installation: " + uuid.arg("i1") + "\\nrow: " + row.arg("r1") + "\\nhash: " + hash.arg("h1") + "$)|" +
          // `audit verify`
          "(?:installation " + uuid.arg("i2") + "\\n +rows +[0-9,]+\\n +head +" + row.arg("r2") + " " + hash.arg("h2") +
          "$)|" +
          // text report
          "(?:\\(" + uuid.arg("i3") + "\\)\\nRecord +" + row.arg("r3") + " rows, last hash " + hash.arg("h3") + "$)|" +
          // HTML report
          "(?:" + uuid.arg("i4") + "</span>[^<\\n]{1,60}record up to row " + row.arg("r4") + ", <span class=mono>" +
          hash.arg("h4") + "<)|" +
          // JSON report
          "(?:\\{\"head\":\"" + hash.arg("h5") + "\",\"installation\":\"" + uuid.arg("i5") +
          "\",\"name\":(?:null|\"(?:[^\"\\\\]|\\\\.)*\"),\"rows\":" + row.arg("r5") + "\\})|" +
          // workbook
          "(?:>installation " + uuid.arg("i6") + ", row " + row.arg("r6") + ", hash " + hash.arg("h6") + "<)",
      QRegularExpression::MultilineOption);
  return all;
}

db::Sha256 digest_from(const QString& hex) {
  db::Sha256 digest{};
  const QByteArray bytes = QByteArray::fromHex(hex.toLatin1());
  std::copy_n(bytes.begin(), std::min<std::size_t>(digest.size(), static_cast<std::size_t>(bytes.size())),
              digest.begin());
  return digest;
}

}  // namespace

std::string utc(db::Time time) {
  return reports::rfc3339(time).toStdString();
}

std::string anchor_lines(const db::Uuid& installation, const db::Head& head) {
  return fmt::format("installation: {}\nrow: {}\nhash: {}\n", db::to_string(installation), head.seq,
                     db::hex(head.hash));
}

std::string anchor_text(const db::StationInfo& station, db::Time at) {
  return fmt::format("flashline anchor 1\nstation: {}\n{}time: {}\npublic_key: {}\n", printable(station.name),
                     anchor_lines(station.installation, station.head), utc(at), station.public_key);
}

std::vector<db::Anchor> anchors_in(std::string_view text) {
  std::vector<db::Anchor> found;
  const QString all = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).remove('\r');
  for (auto match = forms().globalMatch(all); match.hasNext();) {
    const QRegularExpressionMatch one = match.next();
    for (int form = 1; form <= 6; ++form) {
      const auto part = [&](const char* name) { return one.captured(name + QString::number(form)); };
      const auto installation = db::parse_uuid(part("i").toStdString());
      if (!installation) continue;
      const db::Anchor anchor{*installation, {part("r").toLongLong(), digest_from(part("h"))}};
      if (std::ranges::find(found, anchor) == found.end()) found.push_back(anchor);
    }
  }
  return found;
}

std::optional<db::Time> time_from(const std::string& text) {
  const QDateTime moment = QDateTime::fromString(QString::fromStdString(text), Qt::ISODateWithMs);
  if (!moment.isValid()) return std::nullopt;
  return db::Time(std::chrono::milliseconds(moment.toMSecsSinceEpoch()));
}

}  // namespace station
