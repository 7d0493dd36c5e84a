#include "station/board/board.h"

#include <chrono>
#include <future>

#include <sys/resource.h>
#include <unistd.h>

namespace station::board {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_boards = 128;
constexpr auto between_pictures = 100ms;  // what an eye takes for motion
constexpr auto between_looks = 1s;        // at overdue connections, while no board is open
constexpr auto between_beats = 5s;        // a page that hears nothing for 12 s says that it is offline
// Above what the system gives other programs by default: the web side comes after them, and long after the line.
constexpr int board_priority = 10;

// Threads that `make` starts inherit the priority of the one that it runs on.
template <typename Make>
void at_low_priority(Make make) {
  std::async(std::launch::async, [&] {
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), board_priority);
    make();
  }).get();
}

std::string cookie_of(const Address& listen) {
  return "flashline" + (listen.port == 0 ? "" : "-" + std::to_string(listen.port));
}

}  // namespace

std::optional<std::string> unsafe(const Address& listen, const std::string& operators) {
  if (is_loopback(listen.host) || !read_operators(operators).empty()) return std::nullopt;
  return "the board would listen on " + to_string(listen) +
         " for everybody, and no operator has a PIN. Give one: `flashline operator add NAME --role supervisor` with "
         "the "
         "same --station or --db; or listen on 127.0.0.1";
}

Board::Board(BoardSetup setup, const LiveLine& live, spdlog::logger& logger)
    : setup_(std::move(setup)),
      live_(live),
      logger_(logger),
      place_{setup_.listen.host == "localhost" ? "127.0.0.1" : setup_.listen.host, setup_.names},
      stream_(most_boards,
              [this] {
                const std::lock_guard lock(mutex_);
                wanted_ = true;
                joined_.notify_one();
              }),
      journal_(setup_.door),
      sign_in_({setup_.operators, cookie_of(setup_.listen), is_loopback(setup_.listen.host)}, journal_),
      changes_(setup_.controls, journal_) {
  Handler& handler = *this;
  at_low_priority([&] {
    server_ = std::make_unique<Server>(setup_.listen, handler, stream_, logger_);
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
  logger_.info("board: refused {} from {}: {}", request.path, request.peer, refusal.message);
}

Answer Board::answer(const Request& request) {
  if (request.method == Method::get && assets_.find(request.path)) return assets_.reply(request);
  const std::optional<Route> route = route_of(request.method, request.path);
  if (!route) return reply_of({404, "not-found", "There is nothing at " + request.path + ".", "Begin at /."});
  const std::optional<Refusal> refusal = refuse_access(route->needs, asked_by(request));
  if (!refusal) return answer(request, *route);
  log_refusal(request, *refusal);
  return reply_of(*refusal);
}

Asked Board::asked_by(const Request& request) {
  return {is_loopback(setup_.listen.host), sign_in_.session_of(request), request.header("x-flashline-token")};
}

Answer Board::answer(const Request& request, const Route& route) {
  // REQUIRES: access was granted, so that whoever changes something is signed in.
  const auto change = [&](auto make) {
    const Asker asker{sign_in_.session_of(request).value_or(Session{}), request.peer};
    return Work([this, asker, request, make] { return make(asker, request); });
  };
  switch (route.action) {
    case Action::state:
      return state();
    case Action::events:
      return OpenStream{};
    case Action::languages:
      return assets_.languages();
    case Action::session:
      return sign_in_.tell(request);
    case Action::sign_in:
      return sign_in_.sign_in(request);
    case Action::sign_out:
      return sign_in_.sign_out(request);
    case Action::pause:
      return change([this](const Asker& asker, const Request&) { return changes_.pause(asker, true); });
    case Action::resume:
      return change([this](const Asker& asker, const Request&) { return changes_.pause(asker, false); });
    case Action::stop:
      return change([this](const Asker& asker, const Request& stop) { return changes_.stop(asker, stop); });
  }
  return reply_of({500, "internal", "The board does not know what to do.", "Please report this."});
}

Reply Board::state() {
  return json_reply(200, whole(picture_of(live_.now(), setup_.facts), {number_, db::now()}));
}

// ---- the thread that shows

void Board::show(std::stop_token stop) {
  auto next_beat = std::chrono::steady_clock::now() + between_beats;
  while (!stop.stop_requested()) {
    server_->end_overdue();
    if (std::chrono::steady_clock::now() >= next_beat) {
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
    show_once();
    std::unique_lock lock(mutex_);
    joined_.wait_for(lock, stop, between_pictures, [] { return false; });
  }
}

void Board::show_once() {
  Picture picture = picture_of(live_.now(), setup_.facts);
  const Moment moment{number_ + 1, db::now()};
  const Delta change = shown_ ? delta(*shown_, picture, moment) : Delta{Change::structure, {}};
  if (change.change == Change::none) return;
  number_ = moment.number;
  stream_.publish(moment.number, whole(picture, moment), change.json);
  shown_ = std::move(picture);
}

}  // namespace station::board
