#include "station/record/certificate_page.h"

#include <algorithm>
#include <sstream>

#include "db/error.h"
#include "db/reader.h"
#include "db/signature.h"
#include "db/verify.h"
#include "reports/certificate_page.h"
#include "reports/printable.h"
#include "reports/unit.h"
#include "station/record/signed_file.h"
#include "station/record/unit_certificate.h"
#include "station/text.h"

namespace station {

namespace {

constexpr std::int64_t verified_rows = 20'000;  // a part of a second; a record of years takes a minute

std::string file_name(std::string name, const std::string& suffix) {
  for (char& c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    if (!plain) c = '_';
  }
  return name + suffix;
}

std::optional<db::StationKey> key_of(const std::string& database) {
  try {
    return db::StationKey::load(key_path(database));
  } catch (const db::Error&) {
    return std::nullopt;  // who reads a copy of the record does not hold the key
  }
}

std::string signature_of(const std::string& text, const std::string& comment,
                         const std::optional<db::StationKey>& key) {
  const bool ours = key && text.find("public_key: " + db::to_string(key->public_key()) + "\n") != std::string::npos;
  return ours ? key->sign(text, comment) : std::string();
}

std::string page_of(const reports::SignedText& text, const reports::CertificateFacts& facts) {
  std::ostringstream out;
  reports::write_certificate(text, facts, out);
  return reports::printable(out.str(), reports::Breaks::kept);  // the record may hold what steers a line's direction
}

std::map<std::string, std::string> revisions_for(db::Reader& reader, const std::string& order) {
  std::map<std::string, std::string> revisions;
  db::Filter filter;
  filter.job = order;
  reader.outlines(filter, db::Outlined::groups, [&](const db::Outline& attempt) {
    if (attempt.recipe) revisions[db::hex(attempt.recipe->sha256)] = attempt.recipe->revision;
    return true;
  });
  return revisions;
}

// This station's own; else the only one that came with a merge or an import.
std::variant<db::WorkOrder, Refused> closed_order(db::Reader& reader, const std::string& order) {
  std::vector<db::WorkOrder> all = reader.jobs_of_all(order);
  if (all.empty()) return Refused{"The record knows no order " + printable(order) + "."};
  std::erase_if(all, [](const db::WorkOrder& job) { return !job.closed; });
  if (all.empty()) {
    return Refused{"Order " + printable(order) + " is not closed, so it has no certificate: `job close` first."};
  }
  const auto own = std::ranges::find(all, true, &db::WorkOrder::own);
  if (own != all.end()) return *own;
  if (all.size() == 1) return all.front();
  return Refused{"Order " + printable(order) + " was closed on several stations. Ask the record of one of them."};
}

}  // namespace

std::string word_of_record(const std::string& database) {
  std::int64_t rows = 0;
  for (const db::StationInfo& station : db::Reader(database).stations()) rows += station.head.seq;
  if (rows > verified_rows) return "The record was not verified for this; `flashline audit verify` proves it.";
  return db::verify_chain(database).sound()
             ? "The record was verified when this was made: every row is as it was written."
             : "THE RECORD IS NOT SOUND: `flashline audit verify` says where. Trust none of this before that is clear.";
}

std::variant<std::string, Refused> order_certificate_page(const std::string& database, const std::string& order) {
  db::Reader reader(database);
  const auto closed = closed_order(reader, order);
  if (const auto* refused = std::get_if<Refused>(&closed)) return *refused;
  const auto& job = std::get<db::WorkOrder>(closed);
  const std::string& text = job.closed->certificate;
  const std::string comment = "flashline certificate " + job.opened.order;
  return page_of({text, signature_of(text, comment, key_of(database)), file_name(job.opened.order, ".certificate")},
                 {job.station, revisions_for(reader, order), db::now(), word_of_record(database)});
}

std::variant<std::string, Refused> unit_certificate_page(const std::string& database, const std::string& unit) {
  db::Reader reader(database);
  const reports::UnitHistory history = reports::read_unit(reader, unit);
  const std::optional<db::StationKey> key = key_of(database);
  const std::string public_key = key                        ? db::to_string(key->public_key())
                                 : history.stations.empty() ? std::string("-")
                                                            : history.stations.front().public_key;
  const auto made = unit_certificate(history, public_key, db::now());
  if (const auto* refused = std::get_if<Refused>(&made)) return *refused;
  const auto& text = std::get<std::string>(made);
  const db::Attempt& last = history.attempts.back();
  std::map<std::string, std::string> revisions;
  if (last.started.recipe) revisions[db::hex(last.started.recipe->sha256)] = last.started.recipe->revision;
  return page_of(
      {text, signature_of(text, "flashline unit certificate " + printable(unit), key), file_name(unit, ".unit")},
      {last.station, revisions, db::now(), word_of_record(database)});
}

}  // namespace station
