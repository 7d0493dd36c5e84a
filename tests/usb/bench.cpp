// usb_bench: `flashline flash` and dfu-util side by side on the same virtual Photons, in real time, through libusb. One
// table on standard output. dfu-util is one process for each port, all ports at once, its three images one after the
// other. CPU is the programs' own: poll() waits here as a kernel's does (mock_preload.cpp), but each transfer goes
// through two sockets, which costs more than a kernel's call; both pay that alike.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>

#include <sys/resource.h>

#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"

namespace usb_mock {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<int> units{1, 8, 32};
  std::vector<int> generations{3, 10, 12};
  std::string flashline = FLASHLINE_PROGRAM;
  std::string images = FLASHLINE_EXAMPLES;
  std::vector<std::string> states{"fresh", "used", "written"};
  std::vector<std::string> tools{"flashline", "dfu-util"};
  bool at_once = false;  // units are enumerated at the same time
};

struct Image {
  const char* file;
  std::uint32_t address;
};
constexpr Image images[] = {
    {"system-part1.bin", 0x08020000}, {"system-part2.bin", 0x08060000}, {"user.bin", 0x080A0000}};

struct Case {
  int units = 1, generation = 3;
  std::string state = "fresh";  // blank; "used": full of something else; "written": holds the images
};

struct Row {
  double wall = 0;         // until the last unit is done
  double unit = 0;         // mean, of one unit, from the first to the last transfer of its recipe
  double device_time = 0;  // mean, what the unit itself takes for what was asked of it
  double cpu = 0;          // of all processes, for each unit
  double mock_cpu = 0;     // what the mock kernel used meanwhile, of all cores
  double megabytes = 0;    // the highest of each process, all added
  double transfers = 0;    // for each unit
  int good = 0;            // units whose flash holds the images afterwards
};

// As photon_line, but no more than 13 hubs on a bus: USB has 127 addresses there, and a wide line several controllers.
dfu::virt::LineSpec spread_line(int units, int generation, bool at_once) {
  constexpr int hubs_per_bus = 13;
  dfu::virt::LineSpec line = dfu::virt::photon_line(units, generation);
  const auto spread = [](dfu::PortPath& port) {
    const std::size_t end = std::min(port.text.find('.'), port.text.size());
    const int hub = std::atoi(port.text.substr(2, end - 2).c_str()) - 1;
    port.text =
        std::to_string(1 + hub / hubs_per_bus) + "-" + std::to_string(1 + hub % hubs_per_bus) + port.text.substr(end);
  };
  for (auto& hub : line.hubs) spread(hub.port);
  for (auto& unit : line.units) spread(unit.port);
  line.enumerates_at_once = at_once;
  return line;
}

dfu::Bytes read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return {text.begin(), text.end()};
}

std::vector<std::string> ports_of(const dfu::virt::LineSpec& line) {
  std::vector<std::string> ports;
  for (const auto& unit : line.units) ports.push_back(unit.port.text);
  return ports;
}

double own_cpu() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// The numbers that stand behind "key": in JSON text.
std::vector<double> numbers(const std::string& json, const std::string& key) {
  std::vector<double> found;
  const std::string wanted = "\"" + key + "\":";
  for (std::size_t at = 0; (at = json.find(wanted, at)) != std::string::npos;) {
    at += wanted.size();
    found.push_back(std::strtod(json.c_str() + at, nullptr));
  }
  return found;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

class Measurement {
 public:
  Measurement(const Options& options, const Case& wanted)
      : options_(options),
        line_(spread_line(wanted.units, wanted.generation, options.at_once)),
        kernel_({.line = line_}) {
    std::string name = fs::temp_directory_path() / "flashline-bench-XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder in " + name);
    folder_ = name;
    if (wanted.state == "used") fill();
    if (wanted.state == "written") install();
  }
  ~Measurement() { fs::remove_all(folder_); }

  Row flashline() {
    const double before = own_cpu();
    std::ofstream(folder_ / "station.toml") << "cap = " << line_.units.size() << "\n";
    const Ran ran = run({options_.flashline, "flash", options_.images + "/photon.toml", "--line", "usb", "--json",
                         "--db", folder_ / "records.db", "--station", folder_ / "station.toml"},
                        with_home(kernel_.environment(true)), folder_);
    Row row = count();
    row.mock_cpu = own_cpu() - before;
    row.wall = ran.wall_seconds;
    row.unit = mean(numbers(ran.out, "flash_seconds"));
    row.cpu = ran.cpu_seconds / units();
    row.megabytes = static_cast<double>(ran.peak_kilobytes) / 1024;
    if (ran.status != 0) std::fprintf(stderr, "flashline ended with %d\n%s\n", ran.status, ran.err.c_str());
    return row;
  }

  Row dfu_util() {
    const double before = own_cpu();
    std::vector<Ran> totals(line_.units.size());
    std::vector<std::thread> people;
    for (std::size_t i = 0; i < totals.size(); ++i)
      people.emplace_back([this, i, &totals] { totals[i] = type_all(i); });
    for (auto& one : people) one.join();
    Row row = count();
    row.mock_cpu = own_cpu() - before;
    for (const Ran& one : totals) {
      row.wall = std::max(row.wall, one.wall_seconds);
      row.unit += one.wall_seconds / units();
      row.cpu += one.cpu_seconds / units();
      row.megabytes += static_cast<double>(one.peak_kilobytes) / 1024;
    }
    return row;
  }

 private:
  double units() const { return static_cast<double>(line_.units.size()); }

  std::vector<std::string> with_home(std::vector<std::string> environment) const {
    environment.push_back("HOME=" + folder_.string());
    environment.push_back("XDG_STATE_HOME=" + folder_.string());
    return environment;
  }

  void fill() {
    for (const std::string& port : ports_of(line_)) {
      kernel_.line().with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
        const std::uint32_t begin = images[0].address;
        unit.flash().place(begin, dfu::Bytes(unit.flash().range().end - begin, 0x5A));
      });
    }
  }

  void install() {
    for (const std::string& port : ports_of(line_)) {
      kernel_.line().with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
        for (const Image& image : images)
          unit.flash().place(image.address, read_file(fs::path(options_.images) / image.file));
      });
    }
  }

  // A unit that cannot be written stops its person, as it would stop a script.
  Ran type_all(std::size_t i) {
    Ran total;
    for (const Image& image : images) {
      const bool last = image.address == images[2].address;
      const Ran ran =
          run({"dfu-util", "-d", ",2b04:d006", "-p", line_.units[i].port.text, "-a", "0", "-s",
               dfu::hex_address(image.address) + (last ? ":leave" : ""), "-D", options_.images + "/" + image.file},
              kernel_.environment(false), folder_);
      total.wall_seconds += ran.wall_seconds;
      total.cpu_seconds += ran.cpu_seconds;
      total.peak_kilobytes = std::max(total.peak_kilobytes, ran.peak_kilobytes);
      if (ran.out.find("File downloaded successfully") == std::string::npos) {
        std::fprintf(stderr, "dfu-util at %s: %s", line_.units[i].port.text.c_str(), ran.err.c_str());
        break;
      }
    }
    return total;
  }

  Row count() {
    Row row;
    for (const std::string& port : ports_of(line_)) {
      row.transfers += kernel_.counts(port).control / units();
      kernel_.line().with_unit({port}, [&](dfu::virt::VirtualUnit& unit) {
        row.device_time += dfu::seconds(unit.taken()) / units();
        row.good += std::ranges::all_of(images, [&](const Image& image) {
          const dfu::Bytes data = read_file(fs::path(options_.images) / image.file);
          const auto end = image.address + static_cast<std::uint32_t>(data.size());
          return std::ranges::equal(unit.flash().view({image.address, end}), data);
        });
      });
    }
    return row;
  }

  const Options options_;
  const dfu::virt::LineSpec line_;
  MockKernel kernel_;
  fs::path folder_;
};

void print_heading() {
  std::printf(
      "flashline flash and dfu-util on virtual Photons in real time: three images, 486,116 bytes, every unit at once.\n"
      "fresh: blank; used: full of something else; written: the images are there already.\n"
      "wall: whole run, with flashline's start, records and proof of boot; dfu-util ends at the leave request.\n"
      "unit: mean time of one unit, flashline's flash_seconds and the three dfu-util processes of a port.\n"
      "floor: what the units themselves took for the transfers they were asked for. mock: CPU of the devices' side.\n"
      "CPU is honest as far as poll() waits; a transfer costs both tools more than a kernel's usbfs would.\n\n"
      "%4s %5s %-8s %-9s %8s %8s %8s %6s %9s %8s %8s %9s %6s\n",
      "gen", "units", "state", "tool", "wall s", "unit s", "floor s", "ratio", "CPU s/un.", "mock s", "peak MB",
      "ctrl/unit", "good");
}

void print(const Case& one, const std::string& tool, const Row& row) {
  std::printf("%4d %5d %-8s %-9s %8.2f %8.3f %8.3f %6.3f %9.3f %8.2f %8.1f %9.0f %3d/%d\n", one.generation, one.units,
              one.state.c_str(), tool.c_str(), row.wall, row.unit, row.device_time, row.unit / row.device_time, row.cpu,
              row.mock_cpu, row.megabytes, row.transfers, row.good, one.units);
  std::fflush(stdout);
}

void measure(const Options& options, const Case& one) {
  for (const std::string& tool : options.tools) {
    Measurement measurement(options, one);
    print(one, tool, tool == "flashline" ? measurement.flashline() : measurement.dfu_util());
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

std::vector<int> split_numbers(const std::string& text) {
  std::vector<int> out;
  for (const std::string& part : split(text)) out.push_back(std::atoi(part.c_str()));
  return out;
}

std::optional<Options> options_from(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[i + 1];
    if (std::strcmp(argv[i], "--units") == 0) {
      options.units = split_numbers(value);
    } else if (std::strcmp(argv[i], "--generations") == 0) {
      options.generations = split_numbers(value);
    } else if (std::strcmp(argv[i], "--states") == 0) {
      options.states = split(value);
    } else if (std::strcmp(argv[i], "--tools") == 0) {
      options.tools = split(value);
    } else if (std::strcmp(argv[i], "--enumeration") == 0 && (value == "at-once" || value == "queued")) {
      options.at_once = value == "at-once";
    } else if (std::strcmp(argv[i], "--flashline") == 0) {
      options.flashline = value;
    } else if (std::strcmp(argv[i], "--images") == 0) {
      options.images = value;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

int bench(const Options& options) {
  setpriority(PRIO_PROCESS, 0, -10);  // the devices are hardware: they do not wait for the programs
  double load = 0;
  if (getloadavg(&load, 1) == 1 && load > 0.5) {
    std::fprintf(stderr, "usb_bench: this machine is busy (load %.1f); measure again when it is calm\n", load);
  }
  print_heading();
  for (const int generation : options.generations) {
    for (const int units : options.units) {
      for (const std::string& state : options.states) measure(options, {units, generation, state});
    }
  }
  return 0;
}

}  // namespace
}  // namespace usb_mock

int main(int argc, char** argv) {
  const auto options = usb_mock::options_from(argc, argv);
  if (!options) {
    std::fprintf(stderr,
                 "usage: usb_bench [--units 1,8,32] [--generations 3,10,12] [--states fresh,used,written]\n"
                 "                 [--tools flashline,dfu-util] [--enumeration queued|at-once] [--flashline PROGRAM]\n"
                 "                 [--images FOLDER]\n");
    return 64;
  }
  // Without the images nothing would be written, and everything would be in place.
  for (const usb_mock::Image& image : usb_mock::images) {
    const std::filesystem::path file = std::filesystem::path(options->images) / image.file;
    if (std::filesystem::exists(file)) continue;
    std::fprintf(stderr, "usb_bench: there is no %s. --images names a folder as the build makes in config/examples.\n",
                 file.c_str());
    return 66;
  }
  return usb_mock::bench(*options);
}
