#include "station/cli/virtual_command.h"

#include <QCoreApplication>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "dfu/virtual/usbip.h"
#include "dfu/virtual/usbip_server.h"
#include "station/board/address.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/output/output.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"
#include "station/run/signals.h"
#include "station/text.h"
#include "station/version.h"

namespace station {

namespace {

namespace usbip = dfu::virt::usbip;

// What to type next.
std::string welcome(const VirtualOptions& options, const std::vector<dfu::PortPath>& places, std::uint16_t port) {
  const std::string first = places.empty() ? "1-1.1" : places.front().text;
  const bool everywhere = options.host == "0.0.0.0" || options.host == "::";
  const std::string remote = everywhere ? host_name() : options.host;
  const std::string other = port == usbip::default_port ? "" : fmt::format(" --tcp-port {}", port);
  return fmt::format(
      "Serving {} over USB/IP at {}:{}. Ctrl-C ends it.\n"
      "To have them as USB devices of a Linux machine, as root there (Debian package usbip):\n"
      "  modprobe vhci-hcd\n"
      "  usbip{} list -r {}\n"
      "  usbip{} attach -r {} -b {}\n"
      "A unit that leaves the bus has to be attached again. This does so with all of them until it is stopped:\n"
      "  flashline-attach{} {}\n",
      counted(places.size(), "virtual unit"), options.host, port, other, remote, other, remote, first, other, remote);
}

std::variant<std::unique_ptr<usbip::Server>, ExitStatus> make_server(dfu::Bus& bus, const VirtualOptions& options) {
  usbip::Server::Settings settings{.host = options.host, .port = options.tcp_port};
  if (options.verbose) settings.note = [](const std::string& text) { print_error(text + "\n"); };
  try {
    return std::make_unique<usbip::Server>(bus, std::move(settings));
  } catch (const std::runtime_error& error) {
    return complain(ExitStatus::cannot_create, error.what());
  }
}

ExitStatus serve_virtual(const VirtualOptions& options) {
  int argc = 1;
  char name[] = "flashline";
  char* argv[] = {name, nullptr};
  const QCoreApplication application(argc, argv);
  const Signals signals({SIGINT, SIGTERM}, [](int) { QCoreApplication::quit(); });

  const auto opened = open_line(options, LineUse::work);
  if (const auto* status = std::get_if<ExitStatus>(&opened)) return *status;
  const OpenedLine& line = std::get<OpenedLine>(opened);
  const auto server = make_server(*line.bus, options);
  if (const auto* status = std::get_if<ExitStatus>(&server)) return *status;
  print(welcome(options, line.ports, std::get<0>(server)->port()));
  QCoreApplication::exec();

  std::get<0>(server)->stop();
  const std::vector<std::string> problems = line.save();
  for (const std::string& problem : problems) complain(ExitStatus::cannot_create, problem);
  return problems.empty() ? ExitStatus::stopped : ExitStatus::cannot_create;
}

std::string is_address(const std::string& text) {
  return address_from(text) ? "" : "'" + text + "' is not an address and a port; write 127.0.0.1:3240";
}

std::string problem_of(const Arguments& arguments, const VirtualOptions& options) {
  if (options.line == "usb") return "real units are on USB already: --line virtual, or the file of a virtual line";
  return contradiction(arguments, options);
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<VirtualOptions>();
  const auto listen = std::make_shared<std::string>("127.0.0.1:" + std::to_string(usbip::default_port));
  options->line = "virtual";
  add_line_options(arguments, *options, "virtual|FILE.toml", "virtual, or the file of a virtual line");
  arguments.add("--listen", *listen, "Where clients connect; only this machine's can by default")
      .type("ADDR:PORT")
      .check(is_address)
      .show_default();
  arguments.flag("-v,--verbose", options->verbose, "Log connections and requests on standard error");
  return action(options, serve_virtual, [&arguments, options, listen] {
    const Address address = *address_from(*listen);
    options->host = address.host;
    options->tcp_port = address.port;
    return problem_of(arguments, *options);
  });
}

const Registered command({.place = 150,
                          .words = "virtual",
                          .what = "Serve a virtual line over USB/IP",
                          .example = "flashline virtual --units 8",
                          .declare = declare});

}  // namespace

}  // namespace station
