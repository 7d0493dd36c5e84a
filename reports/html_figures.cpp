#include "reports/html_figures.h"

#include <QByteArray>
#include <algorithm>

#include "reports/charts.h"
#include "reports/drawing.h"
#include "reports/html_parts.h"

namespace reports {

namespace {

void put_tile(const std::string& name, const std::string& value, const std::string& note, std::ostream& out) {
  out << "<div class=tile>" << name << "<b>" << value << "</b><small>" << note << "</small></div>\n";
}

void put_share(const std::string& name, const Share& share, std::ostream& out) {
  if (share.whole == 0) return put_tile(name, "-", "no verdict yet", out);
  const auto [low, high] = share.bounds();
  put_tile(name, percent(share.value()),
           std::to_string(share.part) + " of " + std::to_string(share.whole) + "; 95 %: " + percent(low) + " to " +
               percent(high),
           out);
}

}  // namespace

void put_tiles(const Statistics& statistics, std::ostream& out) {
  const Summary& summary = statistics.summary;
  out << "<div class=tiles>\n";
  std::string by_outcome;
  for (std::size_t i = 0; i < summary.units_by_outcome.size(); ++i) {
    if (summary.units_by_outcome[i] == 0) continue;
    by_outcome += (by_outcome.empty() ? "" : ", ") + std::to_string(summary.units_by_outcome[i]) + " " +
                  std::string(to_string(static_cast<db::Outcome>(i)));
  }
  put_tile("Units", std::to_string(summary.units), by_outcome, out);
  put_share("Yield", {summary.good(), summary.with_verdict()}, out);
  put_share("First-pass yield", {summary.first_pass, summary.with_verdict()}, out);
  put_tile("Attempts", std::to_string(summary.attempts),
           summary.units == 0 ? "" : number(summary.attempts_per_unit().value_or(0), 2) + " per unit", out);
  const CycleTimes& cycles = statistics.cycles;
  if (!cycles.bins.empty()) {
    put_tile("Cycle time", number(cycles.median, 2) + " s",
             "median" + (cycles.device_time ? "; device time " + number(*cycles.device_time, 2) + " s" : std::string()),
             out);
  }
  if (*summary.last > *summary.first) {
    const double hours = std::chrono::duration<double, std::ratio<3600>>(*summary.last - *summary.first).count();
    put_tile("Units per hour", number(static_cast<double>(summary.good()) / hours, 0), "good ones, pauses included",
             out);
  }
  out << "</div>\n";
}

void put_job(const db::WorkOrder& job, std::ostream& out) {
  const db::JobOpened& opened = job.opened;
  const double share = Share{static_cast<std::uint64_t>(job.made), static_cast<std::uint64_t>(opened.quantity)}.value();
  out << "<section class=card><h2>Order " << escaped(opened.order)
      << (job.own ? "" : " of station " + escaped(job.station))
      << "</h2>\n<div class=made><i style='width:" << number(std::min(share, 1.0) * 100) << "%'></i></div>\n<p><b>"
      << job.made << " of " << opened.quantity << "</b> units made; " << escaped(opened.product)
      << (opened.lot.empty() ? "" : ", lot " + escaped(opened.lot)) << "; opened " << minute(opened.at) << " by "
      << or_dash(opened.operator_name) << (opened.until ? ", valid until " + minute(*opened.until) : std::string());
  if (!job.closed) {
    out << "; open.</p></section>\n";
    return;
  }
  const QByteArray text = QByteArray::fromStdString(job.closed->certificate);
  out << "; closed " << minute(job.closed->at) << " by " << or_dash(job.closed->operator_name)
      << ".</p>\n<details><summary>Certificate</summary><p><a id=certificate download='" << escaped(opened.order)
      << ".certificate' href='data:text/plain;base64," << text.toBase64().toStdString()
      << "'>Save it</a>, and check it with <span class=mono>flashline audit verify --against</span>, or with minisign "
         "and the signature that was written beside it.</p><pre>"
      << escaped_lines(job.closed->certificate) << "</pre></details></section>\n";
}

void put_card(const char* title, const std::string& drawing, const char* key, bool wide, std::ostream& out) {
  out << "<section class='card" << (wide ? " wide" : "") << "'><h2>" << title << "</h2>\n" << drawing;
  if (*key) out << "<p class=key>" << key << "</p>\n";
  out << "</section>\n";
}

}  // namespace reports
