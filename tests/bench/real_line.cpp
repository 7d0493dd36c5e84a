#include "tests/bench/real_line.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <fstream>
#include <optional>

namespace bench {

namespace {

double time_of(const QJsonObject& event) {
  return static_cast<double>(QDateTime::fromString(event["time"].toString(), Qt::ISODateWithMs).toMSecsSinceEpoch()) /
         1e3;
}

}  // namespace

RealLine flash_in_real_time(int units, const std::string& database) {
  const Folder folder;
  std::ofstream(folder.file("station.toml")) << "cap = " << units << "\n";
  RealLine line{.units = units, .ran = {}};
  line.ran = run(FLASHLINE_PROGRAM,
                 {"flash", FLASHLINE_EXAMPLES "/photon.toml", "--json", "--line", "virtual", "--units",
                  std::to_string(units), "--speed", "1", "--station", folder.file("station.toml"), "--db", database});
  std::optional<double> begun;
  for (const QByteArray& text : QByteArray::fromStdString(line.ran.output).split('\n')) {
    const QJsonObject event = QJsonDocument::fromJson(text).object();
    if (event["event"] == "attempt_started" && !begun) begun = time_of(event);
    if (event["event"] != "attempt_finished" || !begun) continue;
    line.passed += event["outcome"] == "passed";
    line.verdicts = std::max(line.verdicts, time_of(event) - *begun);
    line.flashed = std::max(line.flashed, time_of(event) - event["return_seconds"].toDouble() - *begun);
  }
  return line;
}

}  // namespace bench
