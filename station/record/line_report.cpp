#include "station/record/line_report.h"

#include <QDate>
#include <QDateTime>
#include <QTemporaryFile>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "reports/printable.h"
#include "scheduler/suspicion.h"
#include "station/record/certificate_page.h"

namespace station {

namespace {

constexpr std::uint64_t most_attempts = 20'000;  // some 10 MB, made in a second

// The report marks the slots that line and board suspect.
class TestOfTheLine : public reports::SlotTest {
 public:
  void judged(const std::string& port, bool failed) override { suspicion_.judged(port, failed); }
  bool is_suspect(const std::string& port) const override { return suspicion_.is_suspect(port); }

 private:
  scheduler::Suspicion suspicion_;
};

std::string workbook_of(const reports::Report& report) {
  QTemporaryFile file;
  if (!file.open()) throw std::runtime_error("there is no room for the workbook: " + file.errorString().toStdString());
  reports::write_xlsx(report, file.fileName().toStdString());
  QFile written(file.fileName());
  if (!written.open(QIODevice::ReadOnly)) throw std::runtime_error("the workbook cannot be read back");
  return written.readAll().toStdString();
}

}  // namespace

reports::Report line_report(const std::string& database, db::Reader& reader, const db::Filter& filter,
                            db::LineHistory& history) {
  reports::Report report = reports::make_report(reader, filter, &history);
  report.made = db::now();
  report.verified = word_of_record(database);
  report.make_slot_test = [] { return std::make_unique<TestOfTheLine>(); };
  return report;
}

std::variant<std::string, Refused> report_file(const std::string& database, const db::Filter& filter,
                                               const std::string& format) {
  db::Reader reader(database);
  if (reader.counts(filter).attempts > most_attempts) {
    return Refused{"This report has more than 20,000 attempts. Make it with `flashline report` on the station."};
  }
  db::LineHistory history(database);
  const reports::Report report = line_report(database, reader, filter, history);
  if (format == "xlsx") return workbook_of(report);
  std::ostringstream out;
  if (format == "csv") {
    reports::write_csv(report, out);
  } else if (format == "summary") {
    reports::write_summary_html(report, out);
  } else {
    reports::write_html(report, out);
  }
  return reports::printable(out.str(), reports::Breaks::kept);
}

std::optional<std::pair<db::Time, db::Time>> day_from(const std::string& text) {
  const QDate day = QDate::fromString(QString::fromStdString(text), Qt::ISODate);
  if (!day.isValid() || text.size() != 10) return std::nullopt;
  const auto begin = [](const QDate& date) {
    return db::Time(db::milliseconds(date.startOfDay().toMSecsSinceEpoch()));
  };
  return std::pair{begin(day), begin(day.addDays(1))};
}

}  // namespace station
