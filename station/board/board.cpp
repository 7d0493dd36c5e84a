#include "station/board/board.h"

#include <QSysInfo>
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <future>

#include "station/board/report_replies.h"
#include "station/diagnostics/gather_host.h"
#include "station/diagnostics/priority.h"
#include "station/record/image_json.h"
#include "station/version.h"

namespace station::board {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_boards = 128;
constexpr std::size_t attempts_shown = 20;
constexpr auto between_states = 100ms;  // what an eye takes for motion
// While nothing moves: a unit that is plugged in is seen as soon as a hand has left it, and an idle line costs nothing.
constexpr auto between_still_states = 400ms;
constexpr auto between_looks = 1s;  // at overdue connections, while no board is open, and at the operators
constexpr auto between_beats = 5s;  // a page that hears nothing for 12 s says that it is offline
// Above what the system gives other programs by default: the web side comes after them, and long after the line.
constexpr int board_priority = 10;

// Threads that `make` starts inherit the priority of the one that it runs on.
template <typename Make>
void at_low_priority(Make make) {
  std::async(std::launch::async, [&] {
    give_way(board_priority);
    make();
  }).get();
}

Endpoint place_of(const BoardSetup& setup) {
  Endpoint place{setup.listen.host == "localhost" ? "127.0.0.1" : setup.listen.host, setup.names, {}};
  for (const std::string& proxy : setup.proxies) place.proxies.push_back(canonical_ip(proxy));
  return place;
}

std::string cookie_of(const Address& listen) {
  return "flashline" + (listen.port == 0 ? "" : "-" + std::to_string(listen.port));
}

}  // namespace

std::optional<std::string> unsafe(const Address& listen, const std::string& operators,
                                  const std::vector<std::string>& proxies) {
  const bool at_station_only = is_loopback(listen.host) && proxies.empty();
  if (at_station_only || !read_operators(operators).empty()) return std::nullopt;
  if (is_loopback(listen.host)) {
    return "the board would answer everybody who comes through " + proxies.front() +
           " (trusted_proxy in [board]), and no operator has a PIN. Give one: `flashline operator add NAME --role "
           "supervisor` with the same --station or --db; or leave trusted_proxy out";
  }
  return "the board would listen on " + to_string(listen) +
         " for everybody, and no operator has a PIN. Give one: `flashline operator add NAME --role supervisor` with "
         "the "
         "same --station or --db; or listen on 127.0.0.1";
}

Board::Board(BoardSetup setup, const LiveLine& live, spdlog::logger& logger)
    : setup_(std::move(setup)),
      live_(live),
      logger_(logger),
      place_(place_of(setup_)),
      log_(logger),
      stream_(most_boards,
              [this] {
                const std::lock_guard lock(mutex_);
                wanted_ = true;
                joined_.notify_one();
              }),
      journal_(setup_.service),
      sign_in_({setup_.operators, cookie_of(setup_.listen),
                [this](const std::string& session) { stream_.end_session(session); },
                [this](const Sender& sender, const std::string& what) {
                  log_.note("refused " + what, "signing in from " + shown(sender.address));
                }},
               journal_),
      changes_(setup_.controls, journal_),
      commissioning_(
          {setup_.commissioning, setup_.station_file, setup_.topology, setup_.changed_slots, setup_.controls},
          journal_),
      history_(setup_.database) {
  had_operators_ = sign_in_.has_operators();
  Handler& handler = *this;
  at_low_priority([&] {
    server_ = std::make_unique<Server>(setup_.listen, handler, stream_, log_);
    showing_ = std::jthread([this](std::stop_token stop) { show(stop); });
  });
  logger_.info("the board is at {}", url());
}

Board::~Board() {
  showing_.request_stop();
  showing_.join();
  server_.reset();
}

std::string Board::url() const {
  return "http://" + to_string(server_->address()) + "/";
}

std::optional<Refusal> Board::refuse(const Request& head) {
  const std::optional<Refusal> refusal = refuse_head(head, place_);
  if (refusal) log_refusal(head, *refusal);
  return refusal;
}

void Board::log_refusal(const Request& request, const Refusal& refusal) {
  log_.note("refused " + refusal.code, "'" + shown(request.path) + "' of host '" + shown(request.header("host")) +
                                           "' from " + shown(sender_of(request, place_).address) + ": " +
                                           std::to_string(refusal.status));
}

Response Board::answer(const Request& request) {
  if (request.method == Method::get && assets_.find(request.path)) return assets_.reply(request);
  const std::optional<Route> route = route_of(request.method, request.path);
  if (!route) return reply_of({404, "not-found", "There is nothing at '" + shown(request.path) + "'.", "Start at /."});
  const Sender sender = sender_of(request, place_);
  const std::optional<Refusal> refusal = refuse_access(needs_of(*route), asked_by(request, sender));
  if (!refusal) return answer(request, *route, sender);
  log_refusal(request, *refusal);
  return reply_of(*refusal);
}

Asked Board::asked_by(const Request& request, const Sender& sender) {
  return {sender.at_station, sign_in_.has_operators(), sign_in_.session_of(request),
          request.header("x-flashline-token")};
}

// Who may stop all work may also let it go on; a pause is a smaller thing.
Needs Board::needs_of(const Route& route) const {
  const bool after_stop = route.action == Action::resume && live_.now().state == RunState::halted;
  return after_stop ? Needs::work_or_distant : route.needs;
}

// One operator at one place may have some boards open; without a session, one machine may.
OpenStream Board::stream_for(const Request& request, const Sender& sender) {
  const std::string client = client_key(sender.address);
  const auto session = sign_in_.session_of(request);
  return session ? OpenStream{session->operator_name + " at " + client, session->id} : OpenStream{client, {}};
}

namespace {

Reply found(const std::optional<QJsonObject>& json, const std::string& what) {
  if (json) return json_reply(200, compact(*json));
  return reply_of({404, "not-found", "The record knows no " + what + ".", "Check what was scanned or typed."});
}

Reply file(const std::optional<std::string>& text, const std::string& name) {
  if (!text)
    return reply_of({404, "not-found", "There is no certificate: the order is not closed.", "Close it first."});
  Reply reply = json_reply(200, *text);
  reply.type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + name + "\"");
  return reply;
}

// Of an order's number, what no file system takes amiss.
std::string file_name(std::string order) {
  for (char& c : order) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') c = '_';
  }
  return order + ".certificate";
}

}  // namespace

// REQUIRES: access was granted, so the sender of a change is signed in. What reads the record or adds to it
// is work for others than the thread that serves everybody.
Response Board::answer(const Request& request, const Route& route, const Sender& sender) {
  const std::string& key = route.key;
  const auto change = [&](auto make) {
    const Asker asker{sign_in_.session_of(request).value_or(Session{}), sender.address};
    return Work([asker, request, make] { return make(asker, request); });
  };
  switch (route.action) {
    case Action::state:
      return state();
    case Action::events:
      return stream_for(request, sender);
    case Action::languages:
      return assets_.languages();
    case Action::session:
      return sign_in_.tell(request, sender);
    case Action::slot:
      return Work([this, key] { return slot(key); });
    case Action::units:
      return Work([this, query = request.query] {
        const auto text = query.find("query");
        return json_reply(200, compact(history_.units(text == query.end() ? "" : text->second)));
      });
    case Action::unit:
      return Work([this, key] { return found(history_.unit(key), "unit '" + key + "'"); });
    case Action::jobs:
      return Work([this] { return jobs(); });
    case Action::job:
      return Work([this, key] { return found(history_.job(key), "order '" + key + "'"); });
    case Action::certificate:
      return Work([this, key] { return file(history_.certificate(key), file_name(key)); });
    case Action::signature:
      return Work([this, key] { return file(history_.signature(key), file_name(key) + ".minisig"); });
    case Action::certificate_page:
      return Work([this, key] { return page_reply(history_.certificate_page(key)); });
    case Action::unit_certificate_page:
      return Work([this, key] { return page_reply(history_.unit_certificate_page(key)); });
    case Action::report:
      return Work([this, query = request.query] { return report_reply(history_.database(), query); });
    case Action::commissioning:
      return Work([this] { return commissioning_.tell(); });
    case Action::health:
      return Work([this] { return health(); });
    case Action::metrics:
      return metrics();
    case Action::sign_in:
      return sign_in_.sign_in(request, sender);
    case Action::sign_out:
      return sign_in_.sign_out(request, sender);
    case Action::pause:
      return change([this](const Asker& asker, const Request&) { return changes_.pause(asker, true); });
    case Action::resume:
      return change([this](const Asker& asker, const Request&) { return changes_.pause(asker, false); });
    case Action::stop:
      return change([this](const Asker& asker, const Request& stop) { return changes_.stop(asker, stop); });
    case Action::release:
      return change([this, key](const Asker& asker, const Request& why) { return release(asker, why, key); });
    case Action::release_hub:
      return change([this, key](const Asker& asker, const Request& why) { return release_hub(asker, why, key); });
    case Action::skip:
      return change([this, key](const Asker& asker, const Request& skip) { return this->skip(asker, skip, key); });
    case Action::begin_commissioning:
      return change([this](const Asker& asker, const Request& labels) {
        return commissioning_.begin(asker, labels, [this] { return live_.now(); });
      });
    case Action::leave_out:
      return change([this](const Asker& asker, const Request& next) { return commissioning_.leave_out(asker, next); });
    case Action::finish_commissioning:
      return change([this](const Asker& asker, const Request&) { return commissioning_.finish(asker); });
    case Action::cancel_commissioning:
      return change([this](const Asker& asker, const Request&) { return commissioning_.cancel(asker); });
    case Action::open_job:
      return change([this](const Asker& asker, const Request& job) {
        return changes_.open_job(asker, job, live_.now().recipes);
      });
    case Action::close_job:
      return change([this, key](const Asker& asker, const Request& job) { return close_job(asker, job, key); });
    case Action::use_job:
      return change([this, key](const Asker& asker, const Request&) { return use_job(asker, key); });
    case Action::work_without_order:
      return change([this](const Asker& asker, const Request&) { return changes_.work_without_order(asker); });
    case Action::label:
      return change([this](const Asker& asker, const Request& label) {
        return changes_.pair_label(asker, label, [this](const db::Labelled& paired) { remember_label(paired); });
      });
    case Action::disposition:
      return change([this](const Asker& asker, const Request& decision) { return changes_.decide(asker, decision); });
  }
  return reply_of({500, "internal", "The board does not know what to do.", "Please report this."});
}

LineFacts Board::facts(const LineNow& line) {
  LineFacts facts = setup_.facts;
  const std::lock_guard lock(mutex_);
  if (line.order) {
    const auto used = jobs_.find(*line.order);
    facts.job = used == jobs_.end() ? std::nullopt : std::optional(used->second);
  }
  facts.labels = labels_;
  facts.changed_slots = setup_.changed_slots ? setup_.changed_slots().size() : 0;
  return facts;
}

// Those of units that have gone are forgotten: a line of years has as many visits as the record has.
void Board::remember_label(const db::Labelled& paired) {
  const LineNow line = live_.now();
  const auto is_here = [&](const std::string& visit) {
    return std::ranges::any_of(
        line.hubs, [&](const HubNow& hub) { return std::ranges::count(hub.slots, visit, &SlotNow::visit) > 0; });
  };
  const std::lock_guard lock(mutex_);
  labels_[db::to_string(paired.visit)] = paired.label;
  std::erase_if(labels_, [&](const auto& entry) { return !is_here(entry.first); });
}

Reply Board::state() {
  const LineNow line = live_.now();
  return json_reply(200, whole(line_json_of(line, facts(line)), {number_, db::now()}));
}

namespace {

std::optional<SlotNow> slot_in(const LineNow& line, const std::string& port_or_label) {
  for (const HubNow& hub : line.hubs) {
    for (const SlotNow& slot : hub.slots) {
      if (slot.port.text == port_or_label || slot.label == port_or_label) return slot;
    }
  }
  return std::nullopt;
}

}  // namespace

Reply Board::slot(const std::string& port_or_label) {
  const LineNow line = live_.now();
  const auto slot = slot_in(line, port_or_label);
  if (!slot) return found(std::nullopt, "slot '" + port_or_label + "'");
  const LineFacts known = facts(line);
  const auto label = known.labels.find(slot->visit);
  QJsonObject json = slot_json(*slot, label == known.labels.end() ? "" : label->second);
  const QJsonObject timeline = setup_.timelines ? setup_.timelines->of(slot->port.text) : QJsonObject();
  for (auto member = timeline.begin(); member != timeline.end(); ++member) json[member.key()] = member.value();
  const std::string& place = slot->name();
  json["attempts"] = setup_.service ? history_.attempts_in(place, attempts_shown) : QJsonArray();
  return json_reply(200, compact(json));
}

Reply Board::release(const Asker& asker, const Request& request, const std::string& port_or_label) {
  const auto slot = slot_in(live_.now(), port_or_label);
  return slot ? changes_.release(asker, request, *slot) : found(std::nullopt, "slot '" + port_or_label + "'");
}

Reply Board::release_hub(const Asker& asker, const Request& request, const std::string& port_or_label) {
  const LineNow line = live_.now();
  const auto is_it = [&](const HubNow& hub) { return hub.port.text == port_or_label || hub.label == port_or_label; };
  const auto hub = std::ranges::find_if(line.hubs, is_it);
  return hub == line.hubs.end() ? found(std::nullopt, "hub '" + port_or_label + "'")
                                : changes_.release_hub(asker, request, *hub);
}

Reply Board::skip(const Asker& asker, const Request& request, const std::string& port_or_label) {
  const auto slot = slot_in(live_.now(), port_or_label);
  return slot ? changes_.skip(asker, request, *slot) : found(std::nullopt, "slot '" + port_or_label + "'");
}

Reply Board::jobs() {
  QJsonArray recipes;
  for (const auto& recipe : live_.now().recipes) {
    recipes.append(QJsonObject{{"name", QString::fromStdString(recipe->name)},
                               {"revision", QString::fromStdString(recipe->revision)},
                               {"file", QString::fromStdString(recipe->file)}});
  }
  return json_reply(200, compact(QJsonObject{{"jobs", history_.jobs()}, {"recipes", recipes}}));
}

Reply Board::use_job(const Asker& asker, const std::string& order) {
  const LineNow line = live_.now();
  const auto job = db::Reader(setup_.database).job(order);
  if (!job) return found(std::nullopt, "order '" + order + "'");
  const auto current = facts(line).job;
  const bool by_same = line.operator_name.value_or(setup_.facts.operator_name) == asker.session.operator_name;
  if (current && current->order == order && (by_same || line.still_to_make == 0)) {
    return json_reply(200, compact(job_json(*job)));
  }
  const auto taken = take_job(job, order, line.recipes, order_time(setup_.database));
  if (const auto* no = std::get_if<NoOrder>(&taken)) return reply_of({409, "conflict", no->sentence, ""});
  {
    const std::lock_guard lock(mutex_);
    jobs_[order] = job->opened;
  }
  if (const auto refusal = changes_.use_job(asker, std::get<JobOrder>(taken))) return reply_of(*refusal);
  return json_reply(200, compact(job_json(*job)));
}

Reply Board::close_job(const Asker& asker, const Request& request, const std::string& order) {
  const LineNow line = live_.now();
  const auto current = facts(line).job;
  const bool is_current = current && current->order == order;
  const auto in_work = [](const HubNow& hub) {
    return std::ranges::any_of(hub.slots, [](const SlotNow& slot) {
      return slot.state == SlotState::working || slot.state == SlotState::between;
    });
  };
  if (is_current && std::ranges::any_of(line.hubs, in_work)) {
    return reply_of({409, "conflict", "Units are in work for order " + order + ".",
                     "Pause the line, wait for their verdicts, then close it."});
  }
  return changes_.close_job(asker, request, order, is_current);
}

Reply Board::health() {
  const LineNow line = live_.now();
  QJsonObject json = history_.health(line);
  QJsonObject record = json["database"].toObject();
  const CommitTimes commits = setup_.commit_times ? setup_.commit_times() : CommitTimes{};
  record["last_commit_ms"] = commits.seconds.last() * 1000;
  json["database"] = record;
  QJsonObject clock = json["clock"].toObject();
  clock["synchronised"] = gather_clock().synchronised;
  json["clock"] = clock;
  json["station"] = QJsonObject{{"name", QString::fromStdString(setup_.facts.station)},
                                {"version", QString::fromStdString(std::string(version()))},
                                {"host", QSysInfo::machineHostName()},
                                {"uptime_seconds", std::floor(line.seconds)}};
  return json_reply(200, compact(json));
}

Reply Board::metrics() {
  const CommitTimes commits = setup_.commit_times ? setup_.commit_times() : CommitTimes{};
  const std::string text =
      setup_.exporter ? setup_.exporter->text(live_.now(), setup_.facts.station, commits, stream_.clients()) : "";
  Reply reply = json_reply(200, text);
  reply.type = "text/plain; version=0.0.4; charset=utf-8";
  return reply;
}

// ---- the thread that shows

// What is open may be theirs, so that everybody's screen asks again.
void Board::end_outdated_sessions() {
  const std::vector<std::string> ended = sign_in_.end_outdated();
  const bool has_operators = sign_in_.has_operators();
  const bool is_first = has_operators && !had_operators_;
  had_operators_ = has_operators;
  for (const std::string& name : ended) {
    logger_.info("board: {} is signed out: the operator was removed or has another role or PIN", shown(name));
  }
  // At the first operator, also of those who look on without a session.
  if (!ended.empty() || is_first) stream_.end_all();
}

void Board::show(std::stop_token stop) {
  auto next_look = std::chrono::steady_clock::now();
  auto next_beat = next_look + between_beats;
  while (!stop.stop_requested()) {
    const auto now = std::chrono::steady_clock::now();
    server_->end_overdue();
    if (now >= next_look) {
      log_.flush();
      end_outdated_sessions();
      next_look = now + between_looks;
    }
    if (now >= next_beat) {
      stream_.beat();
      next_beat += between_beats;
    }
    if (stream_.clients() == 0) {
      shown_.reset();
      std::unique_lock lock(mutex_);
      joined_.wait_for(lock, stop, between_looks, [this] { return wanted_; });
      wanted_ = false;
      continue;
    }
    const bool moves = show_once();
    std::unique_lock lock(mutex_);
    joined_.wait_for(lock, stop, moves ? between_states : between_still_states, [] { return false; });
  }
  show_once();
}

namespace {

bool is_moving(const LineNow& line) {
  return std::ranges::any_of(line.hubs, [](const HubNow& hub) {
    return std::ranges::any_of(hub.slots, [](const SlotNow& slot) {
      return slot.state == SlotState::working || slot.state == SlotState::between || slot.state == SlotState::queued;
    });
  });
}

}  // namespace

bool Board::show_once() {
  if (stream_.wants_line_json()) shown_.reset();  // one left and another came, faster than this thread looks
  const LineNow line = live_.now();
  LineJson state = line_json_of(line, facts(line));
  const Moment moment{number_ + 1, db::now()};
  const Delta change = shown_ ? delta(*shown_, state, moment) : Delta{Change::structure, {}};
  const bool moves = is_moving(line);
  if (change.change == Change::none) return moves;
  number_ = moment.number;
  stream_.publish(moment.number, whole(state, moment), change.json);
  shown_ = std::move(state);
  return moves;
}

}  // namespace station::board
