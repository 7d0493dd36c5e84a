#include "station/diagnostics/logging.h"

#include <QDateTime>
#include <QtGlobal>
#include <vector>

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include "station/diagnostics/log_file.h"
#include "station/output/output.h"
#include "station/text.h"

namespace station {

namespace {

// A minute of a busy line at the file's level; what is more than this behind is a disk in trouble. The queue is a ring
// of records of 400 bytes, which is touched piece by piece: a larger one looks like a leak for hours.
constexpr std::size_t most_waiting = 8192;

spdlog::level::level_enum level_of(int verbosity) {
  if (verbosity <= 0) return spdlog::level::warn;
  return verbosity == 1 ? spdlog::level::info : spdlog::level::debug;
}

std::string file_in(const std::string& folder) {
  const QString started = QDateTime::currentDateTimeUtc().toString("yyyyMMdd'T'HHmmss'Z'");
  return folder + "/flashline-" + started.toStdString() + "-" + std::to_string(getpid()) + ".log";
}

// In the place of %v: one line that steers nothing.
class PrintableMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = printable({message.payload.data(), message.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<PrintableMessage>(); }
};

std::unique_ptr<spdlog::formatter> pattern(const char* text) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<PrintableMessage>('*').set_pattern(text);
  return formatter;
}

// Screen and file behind one rate for each cause.
class LimitedSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  LimitedSink(spdlog::level::level_enum screen_level, const std::string& path) : screen_level_(screen_level) {
    if (!path.empty())
      file_ = std::make_unique<LogFile>(path, [](const std::string& sentence) { say_error(sentence); });
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    const LogRate::Verdict verdict = rate_.ask(text, LogRate::Time::clock::now());
    if (verdict.left_out > 0) {
      const std::string sentence = fmt::format("{}: {} lines were left out before this one, there were too many",
                                               std::string(cause_of(text)), verdict.left_out);
      put({message.time, {}, message.logger_name, spdlog::level::warn, sentence});
    }
    if (verdict.write) put(message);
  }
  void flush_() override {}  // nothing waits in this program

 private:
  void put(const spdlog::details::log_msg& message) {
    if (message.level >= screen_level_) write_all(STDERR_FILENO, formatted(*on_screen_, message));
    if (file_) file_->write(formatted(*in_file_, message));
  }
  static std::string formatted(spdlog::formatter& formatter, const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t buffer;
    formatter.format(message, buffer);
    return fmt::to_string(buffer);
  }

  const spdlog::level::level_enum screen_level_;
  const std::unique_ptr<spdlog::formatter> on_screen_ = pattern("flashline: %l: %*");
  const std::unique_ptr<spdlog::formatter> in_file_ = pattern("%Y-%m-%dT%H:%M:%S.%eZ %-7l %*");
  std::unique_ptr<LogFile> file_;
  LogRate rate_;
};

// Qt's own messages belong into the log, not between the lines on the screen.
spdlog::logger* qt_target = nullptr;

void on_qt_message(QtMsgType type, const QMessageLogContext&, const QString& text) {
  const bool grave = type == QtCriticalMsg || type == QtFatalMsg;
  if (qt_target) qt_target->log(grave ? spdlog::level::err : spdlog::level::debug, "Qt: {}", text.toStdString());
}

// A unit that has been flashed comes back as one that runs its firmware: that is no news.
std::string why_not_ours(const scheduler::UnitArrived& event) {
  if (event.ours) return "";
  const bool running = event.fit == dfu::Fit::can_enter || event.fit == dfu::Fit::by_hand;
  return event.unfit.empty() || running ? ", not for this recipe" : ", not flashed: it " + event.unfit;
}

}  // namespace

struct Log::Thread {
  std::shared_ptr<spdlog::details::thread_pool> pool = std::make_shared<spdlog::details::thread_pool>(most_waiting, 1);
};

Log::Log(const std::string& folder, int verbosity) : thread_(std::make_unique<Thread>()) {
  if (!folder.empty()) file_ = file_in(folder);
  logger_ =
      std::make_shared<spdlog::async_logger>("flashline", std::make_shared<LimitedSink>(level_of(verbosity), file_),
                                             thread_->pool, spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_level(spdlog::level::debug);
  qt_target = logger_.get();
  qInstallMessageHandler(on_qt_message);
}

Log::~Log() {
  qInstallMessageHandler(nullptr);
  qt_target = nullptr;
  thread_.reset();  // joined, with all lines written, before the sinks that it writes to are destroyed
}

void LogObserver::on(const scheduler::Event& event, scheduler::WallTime) {
  std::visit([this](const auto& each) { on_event(each); }, event);
}

void LogObserver::on_event(const scheduler::UnitArrived& event) {
  logger_.info("port {}: {} arrived, release {:04x}, serial '{}', product '{}'{}", place(event.unit.port, event.slot),
               dfu::to_string(event.unit.id), event.unit.release, event.unit.serial, event.unit.product,
               why_not_ours(event));
}

void LogObserver::on_event(const scheduler::UnitLeft& event) {
  logger_.info("port {}: empty", place(event.port, event.slot));
}

void LogObserver::on_event(const scheduler::VisitBegan& event) {
  logger_.info("port {}: visit {} begins", place(event.port, event.slot), event.visit);
}

void LogObserver::on_event(const scheduler::VisitOver& event) {
  logger_.info("port {}: visit {} is over{}", place(event.port, event.slot), event.visit,
               event.never_begun ? ", no attempt was begun" : "");
}

void LogObserver::on_event(const scheduler::UnitWaits& event) {
  if (!event.wait) return;
  logger_.debug("port {}: waits for {} {}", place(event.port, event.slot), to_string(event.wait->what),
                event.wait->hub.text);
}

void LogObserver::on_event(const scheduler::AttemptBegan& event) {
  const scheduler::AttemptStarted& started = event.started;
  logger_.info("attempt {}: starts on port {} as number {} of visit {}, unit {} serial '{}', recipe {} {}",
               started.attempt, place(started.port, started.slot), started.number, started.visit,
               dfu::to_string(started.unit.id), started.unit.serial, started.recipe->name, started.recipe->revision);
}

void LogObserver::on_event(const scheduler::Progress& event) {
  const std::string phase(to_string(event.phase));
  const std::string doing = event.step.empty() ? phase : phase + " " + event.step;
  std::string& last = doing_[event.attempt];
  if (last == doing) return;
  last = doing;
  logger_.debug("attempt {}: {} at {:.0f} %", event.attempt, doing, event.fraction * 100);
}

void LogObserver::on_event(const scheduler::AttemptEnded& event) {
  const scheduler::AttemptFinished& finished = event.finished;
  const std::string& id = finished.started.attempt;
  doing_.erase(id);
  for (const scheduler::StepDone& step : finished.steps) {
    logger_.info("attempt {}: step {} at {}: {} bytes, {} written, {} unchanged, {} sectors erased, {:.3f} s", id,
                 step.name, dfu::hex_address(step.address), step.bytes, step.written_bytes, step.unchanged_bytes,
                 step.erased_sectors, step.seconds);
  }
  if (finished.fault) {
    const bool ours = finished.outcome == scheduler::Outcome::error;
    logger_.log(ours ? spdlog::level::warn : spdlog::level::info, "attempt {}: {}", id, sentence(*finished.fault));
  }
  logger_.info(
      "attempt {}: {} on port {}, verified {}, booted {}, flash {:.3f} s, return {:.3f} s, device time {:.3f} s", id,
      scheduler::to_string(finished.outcome), place(finished.started.port, finished.started.slot),
      yes_no(finished.verified), yes_no(finished.booted), finished.flash_seconds, finished.return_seconds,
      finished.floor_seconds);
}

void LogObserver::on_event(const scheduler::Judged& event) {
  const std::string at = place(event.unit.port, event.slot);
  if (event.refusal) {
    logger_.info("port {}: judged, refused: {}", at, sentence(*event.refusal));
  } else {
    logger_.info("port {}: judged, {} bytes to write, device time {:.3f} s", at, event.bytes_to_write,
                 event.floor_seconds);
  }
}

void LogObserver::on_event(const scheduler::VerdictReached& event) {
  logger_.info("port {}: verdict {} after {} attempts", place(event.port, event.slot),
               scheduler::to_string(event.outcome), event.attempts);
}

void LogObserver::on_event(const scheduler::Remarked& event) {
  const scheduler::Remark& remark = event.remark;
  const std::string attempt = remark.attempt.empty() ? "" : "attempt " + remark.attempt + ": ";
  const std::string about = remark.about.empty() ? "" : remark.about + ": ";
  // Every output shows remarks itself: on the screen they would come twice.
  logger_.info("{}{}: {}{}", attempt, to_string(remark.kind), about, english(remark));
}

void LogObserver::on_event(const scheduler::UnitMade& event) {
  logger_.info("job: {} still to be made", event.left);
}

void LogObserver::on_event(const scheduler::JobTaken& event) {
  if (!event.job) return logger_.info("job: none from now on; nothing is begun");
  logger_.info("job: {} from now on, {} to be made", event.job->order, event.left);
}

}  // namespace station
