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

}  // namespace

Board::Board(BoardSetup setup, const LiveLine& live, spdlog::logger& logger)
    : setup_(std::move(setup)),
      live_(live),
      logger_(logger),
      place_{setup_.listen.host == "localhost" ? "127.0.0.1" : setup_.listen.host, setup_.names},
      stream_(most_boards, [this] {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
        joined_.notify_one();
      }) {
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
  if (refusal) logger_.info("board: refused {} from {}: {}", head.path, head.peer, refusal->message);
  return refusal;
}

Answer Board::answer(const Request& request) {
  if (request.method == Method::get && assets_.find(request.path)) return assets_.reply(request);
  const std::optional<Route> route = route_of(request.method, request.path);
  if (!route) return reply_of({404, "not-found", "There is nothing at " + request.path + ".", "Begin at /."});
  switch (route->action) {
    case Action::state:
      return state();
    case Action::events:
      return OpenStream{};
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
