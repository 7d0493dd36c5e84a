#include "station/board/routes.h"

namespace station::board {

namespace {

struct Row {
  Method method;
  std::string_view path;  // '*' stands for one part
  Action action;
  Needs needs;
};

constexpr Row rows[] = {
    {Method::get, "/api/state", Action::state, Needs::reading},
    {Method::get, "/api/events", Action::events, Needs::reading},
    {Method::get, "/api/languages", Action::languages, Needs::nothing},
    {Method::get, "/api/slots/*", Action::slot, Needs::reading},
    {Method::get, "/api/units", Action::units, Needs::reading},
    {Method::get, "/api/units/*", Action::unit, Needs::reading},
    {Method::get, "/api/jobs", Action::jobs, Needs::reading},
    {Method::get, "/api/jobs/*", Action::job, Needs::reading},
    {Method::get, "/api/jobs/*/certificate", Action::certificate, Needs::reading},
    {Method::get, "/api/jobs/*/certificate.minisig", Action::signature, Needs::reading},
    {Method::get, "/api/jobs/*/certificate.html", Action::certificate_page, Needs::reading},
    {Method::get, "/api/units/*/certificate.html", Action::unit_certificate_page, Needs::reading},
    {Method::get, "/api/report", Action::report, Needs::reading},
    {Method::get, "/api/commissioning", Action::commissioning, Needs::reading},
    {Method::get, "/api/health", Action::health, Needs::reading},
    // Counts and no names; Prometheus signs in nowhere.
    {Method::get, "/metrics", Action::metrics, Needs::nothing},
    {Method::get, "/api/session", Action::session, Needs::nothing},
    {Method::post, "/api/session", Action::sign_in, Needs::nothing},
    {Method::post, "/api/session/end", Action::sign_out, Needs::work},
    {Method::post, "/api/line/pause", Action::pause, Needs::work},
    {Method::post, "/api/line/resume", Action::resume, Needs::work},
    {Method::post, "/api/line/stop", Action::stop, Needs::work_or_distant},
    {Method::post, "/api/slots/*/release", Action::release, Needs::supervision},
    {Method::post, "/api/hubs/*/release", Action::release_hub, Needs::supervision},
    {Method::post, "/api/slots/*/skip", Action::skip, Needs::work_or_distant},
    {Method::post, "/api/commissioning/start", Action::begin_commissioning, Needs::work_or_distant},
    {Method::post, "/api/commissioning/skip", Action::leave_out, Needs::work_or_distant},
    {Method::post, "/api/commissioning/finish", Action::finish_commissioning, Needs::work_or_distant},
    {Method::post, "/api/commissioning/cancel", Action::cancel_commissioning, Needs::work_or_distant},
    {Method::post, "/api/jobs", Action::open_job, Needs::supervision},
    {Method::post, "/api/jobs/*/use", Action::use_job, Needs::work},
    {Method::post, "/api/jobs/*/close", Action::close_job, Needs::supervision},
    {Method::post, "/api/line/without-order", Action::work_without_order, Needs::supervision},
    {Method::post, "/api/labels", Action::label, Needs::work},
    {Method::post, "/api/dispositions", Action::disposition, Needs::supervision},
};

// The first part of `path`, which begins with '/', and what comes after it.
std::string_view take_part(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  std::string key;
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view wanted = take_part(pattern), part = take_part(path);
    if (wanted == "*" && !part.empty()) {
      key = percent_decoded(part);  // only now: an order's number may have a slash in it
    } else if (wanted != part) {
      return std::nullopt;
    }
  }
  return pattern.empty() && path.empty() ? std::optional(key) : std::nullopt;
}

}  // namespace

std::optional<Route> route_of(Method method, const std::string& path) {
  for (const Row& row : rows) {
    if (row.method != method) continue;
    if (const auto key = match(row.path, path)) return Route{row.action, row.needs, *key};
  }
  return std::nullopt;
}

}  // namespace station::board
