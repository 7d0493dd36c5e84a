#include "reports/report.h"

namespace reports {

Report make_report(db::Reader& reader, const db::Filter& filter) {
  return {reader.stations(), [&reader, filter](const Report::Visitor& visitor) { reader.attempts(filter, visitor); }};
}

}  // namespace reports
