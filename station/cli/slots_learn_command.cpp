#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonObject>
#include <QMetaObject>
#include <QSocketNotifier>
#include <csignal>
#include <deque>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/commissioning/slot_lesson.h"
#include "station/commissioning/station_file.h"
#include "station/output/output.h"
#include "station/record/image_json.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"
#include "station/run/signals.h"
#include "station/text.h"

namespace station {

namespace {

struct SlotsLearnOptions : LineOptions {
  std::string station;       // made if it is not there
  std::string first = "A1";  // label to begin with
  int count = 0;             // sockets; 0: until somebody ends it
  bool ask = false;          // for each label, on standard input
  bool json = false;
};

// Belongs to the main thread, whose event loop brings units, answers and signals one after the other.
class Lesson {
 public:
  Lesson(const SlotsLearnOptions& options, SlotLesson lesson) : options_(options), lesson_(std::move(lesson)) {
    if (!options_.ask) return;
    keyboard_ = std::make_unique<QSocketNotifier>(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(keyboard_.get(), &QSocketNotifier::activated, keyboard_.get(), [this] { hear(); });
  }

  void on(const dfu::BusEvent& event) {
    if (done_) return;
    if (std::holds_alternative<dfu::Listed>(event)) return begin();
    const auto* arrived = std::get_if<dfu::Arrived>(&event);
    if (!arrived) return;
    if (!listed_) {
      early_.insert(arrived->unit.port);
      return;
    }
    const dfu::PortPath& port = arrived->unit.port;
    const std::string label = lesson_.label_of(port);
    if (!label.empty()) {
      if (told_.insert(port).second) say_known(port, label);
      return;
    }
    if (std::ranges::find(waiting_, port) != waiting_.end()) return;
    waiting_.push_back(port);
    if (options_.ask) {
      if (waiting_.size() == 1) ask();
    } else {
      name_first(lesson_.proposal());
    }
  }

  const std::optional<ExitStatus>& failure() const { return failure_; }
  int learned() const { return learned_; }

 private:
  void begin() {
    listed_ = true;
    if (options_.json) {
      QJsonArray occupied;
      for (const dfu::PortPath& port : early_) occupied.append(QString::fromStdString(port.text));
      return show(compact(QJsonObject{{"event", "lesson_started"}, {"occupied", occupied}}) + "\n");
    }
    std::string text = "Plug a unit into each socket, one after the other";
    text += options_.ask ? ", and give each its label. " : fmt::format("; the first is {}. ", lesson_.proposal());
    text += "Ctrl-C ends it.\n";
    for (const dfu::PortPath& port : early_) {
      if (lesson_.label_of(port).empty()) {
        text += fmt::format("Port {} holds a unit already: pull it, and plug it in when its turn comes.\n", port.text);
      }
    }
    show(text);
  }

  void say_known(const dfu::PortPath& port, const std::string& label) {
    if (options_.json) {
      show_json("slot_known", port, label);
    } else {
      show(fmt::format("Port {} is slot {} already.\n", port.text, label));
    }
  }

  void ask() {
    show(fmt::format("Label for port {} [{}]: ", waiting_.front().text, lesson_.proposal()));
    answer_from_typed();
  }

  void hear() {
    char buffer[512];
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
    if (got > 0) {
      typed_.append(buffer, static_cast<std::size_t>(got));
    } else {
      keyboard_->setEnabled(false);
      silent_ = true;
    }
    answer_from_typed();
  }

  // A line may come in pieces, or several at once, from a scanner or a file; what comes early waits for its question.
  void answer_from_typed() {
    const std::size_t at = typed_.find('\n');
    if (at == std::string::npos && silent_) return end();
    if (at == std::string::npos || waiting_.empty()) return;
    const std::string line = typed_.substr(0, at);
    typed_.erase(0, at + 1);
    answered(line);
  }

  void answered(const std::string& line) {
    constexpr const char* blanks = " \t\r";
    const std::size_t first = line.find_first_not_of(blanks);
    const std::string label =
        first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(blanks) + 1 - first);
    name_first(label.empty() ? lesson_.proposal() : label);
    if (done_) return;
    if (!waiting_.empty()) return ask();
    if (silent_ && typed_.find('\n') == std::string::npos) end();
  }

  void name_first(const std::string& label) {
    const std::string wrong = lesson_.problem_with(label);
    if (!wrong.empty()) {
      if (options_.ask) return show("It cannot be '" + printable(label) + "': " + wrong + ".\n");
      return fail(ExitStatus::usage, "no label follows: " + wrong + ". Begin with another one: --first B1");
    }
    const dfu::PortPath port = waiting_.front();
    waiting_.pop_front();
    const auto problem = append_to_station_file(options_.station, lesson_.learn(port, label));
    if (problem) return fail(ExitStatus::cannot_create, *problem);
    ++learned_;
    told_.insert(port);
    if (options_.json) {
      show_json("slot_learned", port, label);
    } else {
      show(fmt::format("Port {} is slot {} now.\n", port.text, label));
    }
    if (options_.count > 0 && learned_ >= options_.count) end();
  }

  // What is still queued in the event loop comes to nothing.
  void end() {
    done_ = true;
    QCoreApplication::quit();
  }

  void show(const std::string& text) {
    if (print(text)) return;
    failure_ = ExitStatus::cannot_create;
    end();
  }

  void show_json(const char* event, const dfu::PortPath& port, const std::string& label) {
    show(compact(QJsonObject{
             {"event", event}, {"port", QString::fromStdString(port.text)}, {"slot", QString::fromStdString(label)}}) +
         "\n");
  }

  void fail(ExitStatus status, const std::string& sentence) {
    failure_ = complain(status, sentence);
    end();
  }

  const SlotsLearnOptions& options_;
  SlotLesson lesson_;
  std::unique_ptr<QSocketNotifier> keyboard_;
  bool listed_ = false;
  bool done_ = false;
  bool silent_ = false;  // nothing more is typed
  std::optional<ExitStatus> failure_;
  int learned_ = 0;
  std::set<dfu::PortPath> early_;      // held a unit when the lesson began
  std::set<dfu::PortPath> told_;       // its label was said
  std::deque<dfu::PortPath> waiting_;  // for their labels
  std::string typed_;
};

ExitStatus slots_learn(const SlotsLearnOptions& options) {
  std::error_code error;
  const bool exists = std::filesystem::exists(options.station, error);
  const auto station = read_station(exists ? options.station : "");
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;

  std::signal(SIGPIPE, SIG_IGN);
  int argc = 1;
  char name[] = "flashline";
  char* argv[] = {name, nullptr};
  const QCoreApplication application(argc, argv);
  bool interrupted = false;
  const Signals signals({SIGINT, SIGTERM}, [&](int) {
    interrupted = true;
    QCoreApplication::quit();
  });
  auto opened = open_line(options, LineUse::work);
  if (const auto* status = std::get_if<ExitStatus>(&opened)) return *status;
  OpenedLine& line = std::get<OpenedLine>(opened);
  Lesson lesson(options, SlotLesson(*std::get<0>(station), line.hubs->topology(), options.first));
  line.bus->start([&](const dfu::BusEvent& event) {
    QMetaObject::invokeMethod(
        QCoreApplication::instance(), [&lesson, event] { lesson.on(event); }, Qt::QueuedConnection);
  });
  QCoreApplication::exec();
  line.control.reset();
  line.bus.reset();
  if (lesson.failure()) return *lesson.failure();
  // Without a number it is the person who says when it is done.
  if (interrupted && options.count > 0) return ExitStatus::stopped;
  return lesson.learned() > 0 ? ExitStatus::passed : ExitStatus::no_unit;
}

std::string is_label(const std::string& text) {
  constexpr std::size_t longest = 40;
  const bool printable = std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (!text.empty() && text.size() <= longest && printable) return {};
  return "'" + text + "' is not a label of 1 to 40 characters";
}

std::string problem_of(const Arguments& arguments, const SlotsLearnOptions& options) {
  if (options.ask && options.json) return "--ask is for people and --json for programs";
  return contradiction(arguments, options);
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<SlotsLearnOptions>();
  arguments.add("--station", options->station, "Station file with the slots").required().type("FILE");
  add_line_options(arguments, *options);
  arguments.add("--first", options->first, "Label to begin with; its number is counted up")
      .type("LABEL")
      .check(is_label)
      .show_default();
  arguments.add("--count", options->count, "End after so many sockets").type("N").range(1, most_units);
  arguments.flag("--ask", options->ask, "Ask for each label on standard input; an empty line takes the next one");
  arguments.flag("--json", options->json, "JSON Lines on standard output");
  return action(options, slots_learn, [&arguments, options] { return problem_of(arguments, *options); });
}

// `slots` itself is registered by `slots show`.
const Registered command({.place = 62,
                          .words = "slots learn",
                          .what = "Give each socket a label: plug a unit into one after the other",
                          .example = "flashline slots learn --station line-3.toml --first A1",
                          .declare = declare});

}  // namespace

}  // namespace station
