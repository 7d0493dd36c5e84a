#include "station/board/server.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <microhttpd.h>
#include <unistd.h>

#include "station/board/deadlines.h"
#include "station/board/security.h"
#include "station/board/sockets.h"
#include "station/board/workers.h"

namespace station::board {

namespace {

using namespace std::chrono_literals;

// Fifty boards take fifty streams and, while they load, some connections more each; one machine may be all of them.
constexpr unsigned most_connections = 512;
constexpr unsigned most_of_one_address = 256;
// The head of a request and what the server remembers of it; browsers send some hundred bytes.
constexpr std::size_t memory_of_connection = 16 * 1024;
// For a head, for a body, for taking the reply; a kept connection may rest as long.
constexpr auto time_for_a_step = 10s;
constexpr unsigned silent_seconds = 15;  // longer than a stream is without a sign of life
// In which what was answered and shown last is sent: that the line stops, to the one who stopped it.
constexpr auto time_for_last_words = 300ms;
constexpr std::size_t stream_chunk = 8 * 1024;
// The record can be read by this many at once; a request that comes while so many wait gets "try again".
constexpr std::size_t worker_threads = 2;
constexpr std::size_t most_waiting = 32;

using Clock = std::chrono::steady_clock;

// From the head of a request until its reply is sent.
struct Exchange {
  Request request;
  bool started = false;  // the answer is being made or is there
  std::mutex mutex;
  std::optional<Reply> made;  // by a worker; guarded by mutex
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

Method method_of(std::string_view name) {
  if (name == MHD_HTTP_METHOD_GET || name == MHD_HTTP_METHOD_HEAD) return Method::get;
  return name == MHD_HTTP_METHOD_POST ? Method::post : Method::other;
}

MHD_Result put_header(void* head, MHD_ValueKind, const char* name, const char* value) {
  Request& request = *static_cast<Request*>(head);
  const auto [entry, is_new] = request.headers.emplace(lower(name), value ? value : "");
  if (is_new) return MHD_YES;
  request.repeated.insert(entry->first);
  entry->second += std::string(", ") + (value ? value : "");  // as HTTP puts lists together
  return MHD_YES;
}

MHD_Result put_query(void* query, MHD_ValueKind, const char* name, const char* value) {
  static_cast<std::map<std::string, std::string>*>(query)->emplace(percent_decoded(name),
                                                                   percent_decoded(value ? value : ""));
  return MHD_YES;
}

int descriptor_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

Request head_of(MHD_Connection* connection, const char* url, const char* method) {
  Request head{.method = method_of(method), .path = url};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, put_header, &head);
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, put_query, &head.query);
  head.peer = peer_name(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
  return head;
}

// `own`: names of headers that the reply brings itself.
void add_headers(MHD_Response* response, const std::string& type, const std::set<std::string>& own = {}) {
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type.c_str());
  for (const auto& [name, value] : safe_headers()) {
    if (!own.contains(name)) MHD_add_response_header(response, name.c_str(), value.c_str());
  }
}

MHD_Result queue(MHD_Connection* connection, const Reply& reply) {
  // The response keeps the body alive, which others may be sent at the same time.
  auto* kept = new std::shared_ptr<const std::string>(reply.body);
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      (*kept)->size(), const_cast<char*>((*kept)->data()),
      [](void* body) { delete static_cast<std::shared_ptr<const std::string>*>(body); }, kept);
  if (!response) return MHD_NO;
  std::set<std::string> own;
  for (const auto& [name, value] : reply.headers) own.insert(name);
  add_headers(response, reply.type, own);
  for (const auto& [name, value] : reply.headers) {
    MHD_add_response_header(response, name.c_str(), value.c_str());
  }
  const MHD_Result result = MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return result;
}

}  // namespace

struct Server::Impl {
  Impl(const Address& wanted, Handler& handling, Stream& events, CountedLog& counted)
      : handler(handling), stream(events), log(counted) {
    const int listening = listen_on(wanted);
    address = address_of(listening);
    daemon = start(listening);
    if (!daemon) throw std::runtime_error("the board's web server cannot be started");
  }

  ~Impl() {
    // No new clients; then those that sleep or wait for an answer are woken, because only clients that are awake can be
    // ended.
    const int listening = MHD_quiesce_daemon(daemon);
    workers.close();
    std::this_thread::sleep_for(time_for_last_words);
    stream.close();
    MHD_stop_daemon(daemon);
    close(listening);
  }

  MHD_Daemon* start(int listening);
  MHD_Result handle(MHD_Connection* connection, const char* url, const char* method, const char* body,
                    std::size_t* size, Exchange** exchange);
  MHD_Result begin(MHD_Connection* connection, Exchange& exchange);
  MHD_Result reply(MHD_Connection* connection, Exchange& exchange);
  MHD_Result make(MHD_Connection* connection, Exchange& exchange, const Work& work);
  Reply carry_out(const Work& work);
  MHD_Result open_stream(MHD_Connection* connection, const OpenStream& wanted);
  void give_time(MHD_Connection* connection) {
    deadlines.set(descriptor_of(connection), Clock::now() + time_for_a_step);
  }

  Handler& handler;
  Stream& stream;
  CountedLog& log;
  Deadlines deadlines;
  Workers workers{worker_threads, most_waiting};
  Address address;
  MHD_Daemon* daemon = nullptr;
};

namespace {

// ---- libmicrohttpd's callbacks: C functions that only pass on

void on_log(void* log, const char* format, va_list arguments) {
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  static_cast<CountedLog*>(log)->note("web server", shown(text, 120));
}

// A path is taken apart first and decoded then.
std::size_t leave_as_it_is(void*, MHD_Connection*, char* text) {
  return std::strlen(text);
}

void on_completed(void*, MHD_Connection*, void** exchange, MHD_RequestTerminationCode) {
  delete static_cast<Exchange*>(*exchange);
  *exchange = nullptr;
}

}  // namespace

MHD_Daemon* Server::Impl::start(int listening) {
  const auto on_request = [](void* self, MHD_Connection* connection, const char* url, const char* method, const char*,
                             const char* body, std::size_t* size, void** exchange) {
    return static_cast<Impl*>(self)->handle(connection, url, method, body, size,
                                            reinterpret_cast<Exchange**>(exchange));
  };
  const auto on_connection = [](void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode code) {
    Deadlines& watched = static_cast<Impl*>(self)->deadlines;
    const int descriptor = descriptor_of(connection);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) return watched.forget(descriptor);
    watched.watch(descriptor, Clock::now() + time_for_a_step);
  };
  const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  return MHD_start_daemon(flags, 0, nullptr, nullptr, static_cast<MHD_AccessHandlerCallback>(on_request), this,  //
                          MHD_OPTION_EXTERNAL_LOGGER, on_log, &log,                                              //
                          MHD_OPTION_LISTEN_SOCKET, listening,                                                   //
                          MHD_OPTION_CONNECTION_LIMIT, most_connections,                                         //
                          MHD_OPTION_PER_IP_CONNECTION_LIMIT, most_of_one_address,                               //
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_of_connection,                              //
                          MHD_OPTION_CONNECTION_TIMEOUT, silent_seconds,                                         //
                          MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, nullptr,                                 //
                          MHD_OPTION_STRICT_FOR_CLIENT, 1,                                                       //
                          MHD_OPTION_NOTIFY_COMPLETED, on_completed, nullptr,                                    //
                          MHD_OPTION_NOTIFY_CONNECTION, static_cast<MHD_NotifyConnectionCallback>(on_connection),
                          this,  //
                          MHD_OPTION_END);
}

MHD_Result Server::Impl::handle(MHD_Connection* connection, const char* url, const char* method, const char* body,
                                std::size_t* size, Exchange** exchange) {
  if (!*exchange) {
    *exchange = new Exchange;
    (*exchange)->request = head_of(connection, url, method);
    return begin(connection, **exchange);
  }
  if (*size == 0) return reply(connection, **exchange);
  std::string& taken = (*exchange)->request.body;
  if (taken.size() + *size > longest_body) return MHD_NO;  // it had said that it would be shorter, or nothing
  taken.append(body, *size);
  *size = 0;
  return MHD_YES;
}

// The head is there. A reply now is one to a request whose body nobody wants.
MHD_Result Server::Impl::begin(MHD_Connection* connection, Exchange& exchange) {
  give_time(connection);
  const std::optional<Refusal> refusal = handler.refuse(exchange.request);
  return refusal ? queue(connection, reply_of(*refusal)) : MHD_YES;
}

// All of the request is there; or a worker has made the reply.
MHD_Result Server::Impl::reply(MHD_Connection* connection, Exchange& exchange) {
  give_time(connection);
  if (exchange.started) {
    const std::lock_guard lock(exchange.mutex);
    return queue(connection, exchange.made.value());
  }
  exchange.started = true;
  const Response answer = handler.answer(exchange.request);
  if (const auto* made = std::get_if<Reply>(&answer)) return queue(connection, *made);
  if (const auto* work = std::get_if<Work>(&answer)) return make(connection, exchange, *work);
  return open_stream(connection, std::get<OpenStream>(answer));
}

// The one place where the exceptions of the board's work are caught.
Reply Server::Impl::carry_out(const Work& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    log.note("not answered", shown(error.what(), 400));
    return reply_of({503, "records-unavailable", error.what(), "See the log of the station."});
  }
}

// Suspended first: the worker may be done before `post` comes back.
MHD_Result Server::Impl::make(MHD_Connection* connection, Exchange& exchange, const Work& work) {
  deadlines.set(descriptor_of(connection), std::nullopt);
  MHD_suspend_connection(connection);
  const bool taken = workers.post([this, connection, &exchange, work] {
    Reply made = carry_out(work);
    {
      const std::lock_guard lock(exchange.mutex);
      exchange.made = std::move(made);
    }
    MHD_resume_connection(connection);
  });
  if (taken) return MHD_YES;
  exchange.made =
      reply_of({503, "busy", "The station is reading its record for others.", "Try again in a few seconds."});
  MHD_resume_connection(connection);
  return MHD_YES;
}

namespace {

// A client of the stream and the connection that carries it.
struct Carried {
  Stream& stream;
  std::shared_ptr<Stream::Client> client;
  Stream::Line line;
};

ssize_t read_events(void* carried, std::uint64_t, char* buffer, std::size_t most) {
  auto& [stream, client, line] = *static_cast<Carried*>(carried);
  const Stream::Taken taken = stream.read(*client, line, buffer, most);
  if (taken.what == Stream::Read::over) return MHD_CONTENT_READER_END_OF_STREAM;
  return static_cast<ssize_t>(taken.bytes);
}

void end_events(void* carried) {
  const std::unique_ptr<Carried> gone(static_cast<Carried*>(carried));
  gone->stream.leave(gone->client);
}

}  // namespace

MHD_Result Server::Impl::open_stream(MHD_Connection* connection, const OpenStream& wanted) {
  auto client = stream.join(wanted.client, wanted.session);
  if (!client) {
    return queue(connection, reply_of({503, "busy", "Too many boards are open at this station.",
                                       "Close some of them and try again."}));
  }
  deadlines.set(descriptor_of(connection), std::nullopt);
  auto* carried = new Carried{
      stream,
      std::move(client),
      {[connection] { MHD_suspend_connection(connection); }, [connection] { MHD_resume_connection(connection); }}};
  MHD_Response* response =
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, stream_chunk, read_events, carried, end_events);
  add_headers(response, "text/event-stream");
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  const MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return result;
}

Server::Server(const Address& address, Handler& handler, Stream& stream, CountedLog& log)
    : impl_(std::make_unique<Impl>(address, handler, stream, log)) {}

Server::~Server() = default;

const Address& Server::address() const {
  return impl_->address;
}

void Server::end_overdue() {
  if (const int ended = impl_->deadlines.end_overdue(Clock::now()); ended > 0) {
    impl_->log.note("ended", std::to_string(ended) + " connections that took longer than " +
                                 std::to_string(std::chrono::seconds(time_for_a_step).count()) + " s over a request");
  }
}

}  // namespace station::board
