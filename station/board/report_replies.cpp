#include "station/board/report_replies.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "reports/page.h"
#include "station/record/line_report.h"

namespace station::board {

namespace {

std::string value(const std::map<std::string, std::string>& query, const char* key) {
  const auto found = query.find(key);
  return found == query.end() ? std::string() : found->second;
}

std::optional<std::string> given(const std::map<std::string, std::string>& query, const char* key) {
  const std::string text = value(query, key);
  return text.empty() ? std::nullopt : std::optional(text);
}

// What no file system takes amiss.
std::string file_name(const std::map<std::string, std::string>& query, const std::string& format) {
  std::string name = "flashline";
  for (const char* key : {"job", "lot", "unit", "slot", "operator", "day"}) {
    if (const auto text = given(query, key)) name += "-" + text->substr(0, 40);
  }
  for (char& c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    if (!plain) c = '_';
  }
  return name + "." + format;
}

}  // namespace

Reply page_reply(const std::variant<std::string, Refused>& made) {
  if (const auto* refused = std::get_if<Refused>(&made)) {
    return reply_of({404, "not-found", refused->sentence, "Ask for another one."});
  }
  Reply reply = json_reply(200, std::get<std::string>(made));
  reply.type = "text/html; charset=utf-8";
  reply.headers.emplace_back("Content-Security-Policy",
                             reports::page_policy() + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  return reply;
}

Reply report_reply(const std::string& database, const std::map<std::string, std::string>& query) {
  const std::string format = value(query, "format");
  constexpr std::array formats{"html", "summary", "csv", "xlsx"};
  if (std::ranges::find(formats, format) == formats.end()) {
    return reply_of({400, "bad-request", "The format is one of html, summary, csv and xlsx.", "Ask for one of them."});
  }
  db::Filter filter;
  filter.job = given(query, "job");
  filter.lot = given(query, "lot");
  filter.unit = given(query, "unit");
  filter.slot = given(query, "slot");
  filter.operator_name = given(query, "operator");
  if (const auto text = given(query, "day")) {
    const auto day = day_from(*text);
    if (!day) return reply_of({400, "bad-request", "The day is not one.", "Write it like 2026-11-22."});
    std::tie(filter.since, filter.until) = *day;
  }
  const auto made = report_file(database, filter, format);
  if (format == "html" || format == "summary" || std::holds_alternative<Refused>(made)) return page_reply(made);
  Reply reply = json_reply(200, std::get<std::string>(made));
  reply.type =
      format == "csv" ? "text/csv; charset=utf-8" : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  reply.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + file_name(query, format) + "\"");
  return reply;
}

}  // namespace station::board
