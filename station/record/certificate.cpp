#include "station/record/certificate.h"

#include <QRegularExpression>
#include <map>
#include <set>

#include <fmt/format.h>

#include "station/record/anchor_text.h"
#include "station/text.h"
#include "station/version.h"

namespace station {

namespace {

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : printable(text);
}

// What was made for the job, attempt by attempt.
struct Made {
  std::string units;
  std::set<std::string> recipes, images;
};

Made read_made(const db::WorkOrder& job, const std::string& database) {
  Made made;
  std::map<db::Uuid, std::string> last_of_visit;
  std::vector<db::Uuid> order;
  db::Filter filter;
  filter.job = job.opened.order;
  db::Reader(database).attempts(filter, [&](const db::Attempt& attempt) {
    const db::AttemptFinished& finished = attempt.finished;
    if (attempt.started.recipe) {
      made.recipes.insert("recipe: " + db::hex(attempt.started.recipe->sha256) + " " +
                          printable(attempt.started.recipe->name) + "\n");
      for (const auto& image : attempt.started.recipe->images) {
        made.images.insert("image: " + db::hex(image->sha256) + " " + printable(image->name) + "\n");
      }
    }
    if (!last_of_visit.contains(attempt.visit.visit)) order.push_back(attempt.visit.visit);
    last_of_visit[attempt.visit.visit] =
        fmt::format("unit: {} {} {} attempt {} at {} in {}\n", to_string(finished.outcome), or_dash(finished.unit),
                    or_dash(attempt.label), db::to_string(attempt.started.attempt), utc(finished.at),
                    or_dash(attempt.visit.slot.empty() ? attempt.visit.port : attempt.visit.slot));
    return true;
  });
  for (const db::Uuid& visit : order) made.units += last_of_visit[visit];
  return made;
}

std::string joined(const std::set<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

}  // namespace

db::JobClosed closing_of(const db::WorkOrder& job, const std::string& database, const db::Store& store,
                         const std::string& operator_name, const std::string& reason) {
  const db::JobOpened& opened = job.opened;
  const Made made = read_made(job, database);
  db::JobClosed closed{db::now(), opened.order, operator_name, reason, {}};
  std::string& text = closed.certificate;
  text = "flashline certificate 1\n";
  text += fmt::format("order: {}\nproduct: {}\nlot: {}\n", printable(opened.order), or_dash(opened.product),
                      or_dash(opened.lot));
  text += fmt::format("quantity: {}\nmade: {}\n", opened.quantity, job.made);
  for (const db::Outcome outcome : {db::Outcome::passed, db::Outcome::already, db::Outcome::failed, db::Outcome::error,
                                    db::Outcome::cancelled, db::Outcome::interrupted}) {
    const auto count = job.units.find(outcome);
    text += fmt::format("{}: {}\n", to_string(outcome), count == job.units.end() ? 0 : count->second);
  }
  text += fmt::format("already_counts: {}\n", opened.count_already ? "yes" : "no");
  text += fmt::format("opened: {} by {}\nclosed: {} by {}\nreason: {}\n", utc(opened.at), or_dash(opened.operator_name),
                      utc(closed.at), or_dash(operator_name), or_dash(reason));
  text += joined(made.recipes) + joined(made.images) + made.units;
  text += fmt::format("first_row: {}\nfirst_hash: {}\n", job.row.seq, db::hex(job.row.hash));
  text += anchor_lines(store.installation(), store.head());
  text += fmt::format("software: flashline {}\npublic_key: {}\n", version(), db::to_string(store.key().public_key()));
  return closed;
}

std::optional<std::string> order_of_certificate(const std::string& text) {
  // Also without its first line, or with its lines moved: what makes it an anchor as well must be there.
  static const QRegularExpression anchor("^installation: ", QRegularExpression::MultilineOption),
      any_line("^\\s*(flashline certificate|order:|made:|quantity:)", QRegularExpression::MultilineOption),
      order("^\\s*order: *([^\\r\\n]*)", QRegularExpression::MultilineOption);
  const QString all = QString::fromStdString(text);
  if (!anchor.match(all).hasMatch() || !any_line.match(all).hasMatch()) return std::nullopt;
  return order.match(all).captured(1).toStdString();
}

std::vector<std::string> certificates_in(const std::string& file) {
  if (!file.starts_with("<!doctype html>")) return {file};
  static const QRegularExpression link("href='data:text/plain;base64,([A-Za-z0-9+/=]+)'");
  std::vector<std::string> all;
  for (auto match = link.globalMatch(QString::fromLatin1(file.data(), static_cast<qsizetype>(file.size())));
       match.hasNext();) {
    all.push_back(QByteArray::fromBase64(match.next().captured(1).toLatin1()).toStdString());
  }
  // Without any it is no page that this program made with a certificate in it.
  return all.empty() ? std::vector{file} : all;
}

std::string why_not_on_record(const std::string& text, const std::string& database) {
  const std::optional<std::string> order = order_of_certificate(text);
  if (!order) return {};
  if (order->empty()) return "the certificate names no order, so it is none that this record holds.";
  bool closed = false;
  for (const db::WorkOrder& job : db::Reader(database).jobs_of_all(*order)) {
    if (!job.closed) continue;
    if (job.closed->certificate == text) return {};
    closed = true;
  }
  if (!closed) return "this record holds no certificate for order " + printable(*order) + ".";
  return "it is not the certificate that this record holds for order " + printable(*order) + ".";
}

}  // namespace station
