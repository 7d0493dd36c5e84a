#include "reports/page.h"

#include <QFile>
#include <QString>

// Outside of every namespace, as Qt wants it: a static library's resources are left out by the linker otherwise.
static void take_in_resources() {
  Q_INIT_RESOURCE(reports);
}

namespace reports {

namespace {

// On a line of its own in the page.
std::string resource(const QString& name) {
  take_in_resources();
  QFile file(":/reports/" + name);
  return file.open(QIODevice::ReadOnly) ? "\n" + file.readAll().toStdString() : "";
}

}  // namespace

const std::string& page_style() {
  static const std::string style = resource("report.css");
  return style;
}

const std::string& page_script() {
  static const std::string script = resource("report.js");
  return script;
}

}  // namespace reports
