// The walls of the house, kept by a test: which folder may include which, and where each library may be used.
// A new folder, room or library is a change to the table below, on purpose.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

using Folders = std::vector<std::string_view>;

// A folder of the tree, or a single file, and what its files may include: folders, or single files. The longest
// matching room counts.
struct Room {
  std::string_view folder;
  Folders may_include;
};

// What every room of the station may use: the folders below it, and the words that all rooms share.
Folders station_and(const Folders& more) {
  Folders all{"reports", "db", "scheduler", "config", "dfu", "dfu/image", "dfu/particle", "station"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const std::vector<Room> rooms = {
    // The core of dfu knows the images and modules it lays out, but neither side of its seams.
    {"dfu", {"dfu/image", "dfu/particle"}},
    {"dfu/image", {"dfu", "dfu/particle"}},
    {"dfu/particle", {"dfu", "dfu/image"}},
    {"dfu/usb", {"dfu", "dfu/image", "dfu/particle"}},
    // Not dfu/particle: prediction and device would agree by construction.
    {"dfu/virtual", {"dfu"}},
    // A line file is data about virtual units; the units themselves stay behind the wall.
    {"config", {"dfu", "dfu/image", "dfu/particle", "dfu/virtual/line_spec.h", "dfu/virtual/generations.h"}},
    {"scheduler", {"config", "dfu", "dfu/image", "dfu/particle"}},
    {"db", {}},
    {"reports", {"db"}},
    // The station's rooms, each above those that it may include. In station/ itself lie what all of them share (the
    // version, exit statuses, words) and main.cpp.
    {"station", station_and({"dfu/usb"})},
    {"station/record", station_and({})},
    {"station/live", station_and({"station/record"})},
    {"station/output", station_and({"station/record", "station/live"})},
    {"station/diagnostics", station_and({"station/live", "station/output"})},
    {"station/sinks", station_and({"station/record", "station/output", "station/diagnostics"})},
    {"station/commissioning", station_and({"station/live", "station/output"})},
    {"station/board", station_and({"station/record", "station/live", "station/diagnostics", "station/commissioning"})},
    // Where the line is put together, the real one and the virtual one.
    {"station/run", station_and({"dfu/usb", "dfu/virtual", "station/record", "station/live", "station/output",
                                 "station/diagnostics", "station/sinks", "station/board"})},
    {"station/cli", station_and({"dfu/virtual", "station/record", "station/live", "station/output",
                                 "station/diagnostics", "station/commissioning", "station/board", "station/run"})},
    {"station/packaging", station_and({"station/cli"})},
    {"station/main.cpp", station_and({"station/output", "station/diagnostics", "station/cli"})},
    {"tests", {}},  // whatever they test
};

// A library, how its headers begin, and the paths (as prefixes) that may use it.
struct Library {
  std::string_view name;
  std::vector<std::string_view> headers;
  std::vector<std::string_view> used_by;
};

const std::vector<Library> libraries = {
    {"libusb", {"libusb"}, {"dfu/usb/"}},
    {"libsodium", {"sodium"}, {"dfu/", "db/", "station/board/operators."}},
    {"zlib", {"zlib.h"}, {"dfu/", "station/diagnostics/archive."}},
    {"toml++", {"toml++/"}, {"config/"}},
    {"oneTBB", {"tbb/", "oneapi/tbb/"}, {"db/"}},
    {"SQLite", {"SQLiteCpp/", "sqlite3.h"}, {"db/"}},
    {"libmicrohttpd", {"microhttpd.h"}, {"station/board/server."}},
    {"libsystemd", {"systemd/"}, {"station/run/service."}},
    {"libunistring", {"unistr.h", "uniwidth.h"}, {"reports/character.", "station/output/columns."}},
    {"libxlsxwriter", {"xlsxwriter"}, {"reports/xlsx"}},
    {"libzip", {"zip.h"}, {"station/record/workbook."}},
    {"libzint", {"zint.h"}, {"reports/qr_code."}},
    {"Qt", {"Q"}, {"reports/", "station/"}},
    {"spdlog and fmt", {"spdlog/", "fmt/"}, {"station/"}},
    {"CLI11",
     {"CLI/"},
     {"station/cli/arguments.", "station/cli/command.", "station/cli/help_formatter.", "station/version."}},
    {"GoogleTest", {"gtest/", "gmock/"}, {}},
    // Not a library of ours: what the system says beside C++.
    {"POSIX",
     {"unistd.h", "fcntl.h", "signal.h", "poll.h", "termios.h", "glob.h", "dlfcn.h", "pthread.h", "spawn.h", "sys/",
      "arpa/", "linux/"},
     {"dfu/usb/", "dfu/virtual/", "scheduler/clocks.", "config/files.", "config/station_config.", "db/", "station/"}},
    {"POSIX sockets", {"netinet/", "netdb.h"}, {"dfu/virtual/usbip_", "station/board/sockets."}},
};

// <vector>, <cstdint>: the language's own headers, welcome everywhere.
bool is_cpp(std::string_view header) {
  return std::ranges::all_of(header, [](char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
}

struct Include {
  std::string file{};  // relative to the root
  int line = 0;
  bool angled = false;
  std::string target{};
};

// `text` without the blanks and then the word it begins with; nothing if it begins with something else.
std::optional<std::string_view> after(std::string_view text, std::string_view word) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (!text.starts_with(word)) return std::nullopt;
  return text.substr(word.size());
}

std::optional<Include> include_of(std::string_view text) {
  const auto hash = after(text, "#");
  const auto word = hash ? after(*hash, "include") : std::nullopt;
  if (!word) return std::nullopt;
  const auto angle = after(*word, "<");
  const auto quote = after(*word, "\"");
  if (!angle && !quote) return std::nullopt;
  const std::string_view rest = angle ? *angle : *quote;
  return Include{.angled = angle.has_value(), .target = std::string(rest.substr(0, rest.find_first_of(">\"")))};
}

std::vector<Include> includes_of(const fs::path& root, const fs::path& file) {
  std::vector<Include> found;
  std::ifstream in(file);
  int line = 0;
  for (std::string text; std::getline(in, text);) {
    ++line;
    std::optional<Include> include = include_of(text);
    if (!include) continue;
    include->file = fs::relative(file, root).generic_string();
    include->line = line;
    found.push_back(*include);
  }
  return found;
}

std::vector<fs::path> sources_of_tree(const fs::path& root) {
  std::set<std::string> tops;
  for (const Room& room : rooms) tops.emplace(room.folder.substr(0, room.folder.find('/')));
  std::vector<fs::path> all;
  for (const std::string& top : tops) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const fs::path extension = entry.path().extension();
      if (extension == ".h" || extension == ".cpp") all.push_back(entry.path());
    }
  }
  return all;
}

std::vector<Include> includes_of_tree(const fs::path& root) {
  std::vector<Include> all;
  for (const fs::path& source : sources_of_tree(root)) {
    const std::vector<Include> found = includes_of(root, source);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

// What the CMakeLists.txt of a folder names, from the root of the tree.
std::set<std::string> named_in(const fs::path& root, const fs::path& folder) {
  std::set<std::string> names;
  const std::string_view from_root = "${CMAKE_SOURCE_DIR}/";
  std::ifstream in(folder / "CMakeLists.txt");
  for (std::string word; in >> word;) {
    word.erase(std::min(word.find(')'), word.size()));
    names.insert(word.starts_with(from_root) ? word.substr(from_root.size())
                                             : (fs::relative(folder, root) / word).generic_string());
  }
  return names;
}

const Room* room_of(std::string_view file) {
  const Room* best = nullptr;
  for (const Room& room : rooms) {
    const bool inside =
        file == room.folder || (file.starts_with(room.folder) && file.substr(room.folder.size()).starts_with('/'));
    if (inside && (!best || room.folder.size() > best->folder.size())) best = &room;
  }
  return best;
}

std::string judge_own(const fs::path& root, const Include& include) {
  const Room* from = room_of(include.file);
  const Room* to = room_of(include.target);
  if (!to || !fs::exists(root / include.target)) return "is not written from the root of the tree";
  const auto& allowed = from->may_include;
  const bool fine = from == to || from->folder == "tests" || std::ranges::count(allowed, to->folder) ||
                    std::ranges::count(allowed, include.target);
  return fine ? "" : std::string(from->folder) + " must not know " + std::string(to->folder);
}

std::string judge_library(const Include& include) {
  if (is_cpp(include.target)) return "";
  const auto begins = [](std::string_view text) {
    return [text](std::string_view prefix) { return text.starts_with(prefix); };
  };
  for (const Library& library : libraries) {
    if (std::ranges::none_of(library.headers, begins(include.target))) continue;
    // A test may look behind the wall that it tests.
    if (include.file.starts_with("tests/")) return "";
    if (std::ranges::any_of(library.used_by, begins(include.file))) return "";
    return std::string(library.name) + " has no place here";
  }
  return "belongs to no library that Flashline uses";
}

// What a file includes in the end, through its own headers.
std::set<std::string> reached_from(const std::string& file, const std::multimap<std::string, std::string>& graph) {
  std::set<std::string> seen;
  const std::function<void(const std::string&)> visit = [&](const std::string& node) {
    for (auto [at, last] = graph.equal_range(node); at != last; ++at) {
      if (seen.insert(at->second).second) visit(at->second);
    }
  };
  visit(file);
  return seen;
}

// The boot model may not even reach dfu/particle through another header.
std::vector<std::string> judge_boot_model(const std::vector<Include>& includes) {
  std::multimap<std::string, std::string> graph;
  for (const Include& include : includes) {
    if (!include.angled) graph.emplace(include.file, include.target);
  }
  std::set<std::string> models;
  for (const Include& include : includes) {
    if (include.file.starts_with("dfu/virtual/") && include.file.find("boot") != std::string::npos)
      models.insert(include.file);
  }
  std::vector<std::string> wrong;
  for (const std::string& model : models) {
    for (const std::string& reached : reached_from(model, graph)) {
      if (reached.starts_with("dfu/particle/")) wrong.push_back(model + ": reaches " + reached);
    }
  }
  return wrong;
}

std::vector<std::string> violations(const fs::path& root) {
  const std::vector<Include> includes = includes_of_tree(root);
  std::vector<std::string> wrong = judge_boot_model(includes);
  for (const Include& include : includes) {
    const std::string problem = include.angled ? judge_library(include) : judge_own(root, include);
    if (problem.empty()) continue;
    wrong.push_back(include.file + ":" + std::to_string(include.line) + ": " + include.target + ": " + problem);
  }
  return wrong;
}

std::string joined(const std::vector<std::string>& lines) {
  std::ostringstream out;
  for (const std::string& line : lines) out << "  " << line << "\n";
  return out.str();
}

TEST(Layering, TheTreeKeepsItsWalls) {
  const fs::path root = FLASHLINE_SOURCE_DIR;
  ASSERT_GT(includes_of_tree(root).size(), 50u) << "the tree was not found at " << root;
  const std::vector<std::string> wrong = violations(root);
  EXPECT_TRUE(wrong.empty()) << joined(wrong);
}

// A list that a file is missing from: the file would be neither compiled nor tested, and nobody would notice.
TEST(Layering, EverySourceIsNamedInTheCMakeListsOfAFolder) {
  const fs::path root = FLASHLINE_SOURCE_DIR;
  std::set<std::string> named;
  const std::vector<fs::path> sources = sources_of_tree(root);
  std::set<fs::path> folders;
  for (const fs::path& source : sources) {
    for (fs::path at = source.parent_path(); at != root; at = at.parent_path()) folders.insert(at);
  }
  for (const fs::path& folder : folders) named.merge(named_in(root, folder));
  for (const fs::path& source : sources) {
    const std::string file = fs::relative(source, root).generic_string();
    if (source.extension() == ".h") continue;
    EXPECT_TRUE(named.contains(file)) << file << " is in no CMakeLists.txt";
  }
}

// A circle would be a room that nobody can read, build or test alone.
TEST(Layering, EachRoomOfTheStationIncludesOnlyRoomsThatStandBeforeIt) {
  std::set<std::string_view> before;
  for (const Room& room : rooms) {
    for (const std::string_view included : room.may_include) {
      if (!included.starts_with("station") || included == room.folder) continue;
      EXPECT_TRUE(before.contains(included)) << room.folder << " may include " << included;
    }
    before.insert(room.folder);
  }
}

// The checker itself, on a tree made up for it.
class SampleTree : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "flashline-layering-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::vector<std::string> judged() const { return violations(root_); }

  fs::path root_;
};

TEST_F(SampleTree, IncludesThatTheDesignAllowsPass) {
  write("dfu/bus.h", "#include <vector>\n");
  write("dfu/usb/bus.cpp", "#include <libusb-1.0/libusb.h>\n#include \"dfu/bus.h\"\n");
  write("dfu/virtual/line_spec.h", "#include \"dfu/bus.h\"\n");
  write("config/line_file.h", "#include \"dfu/virtual/line_spec.h\"\n");
  write("db/verify.cpp", "#include <oneapi/tbb/task_arena.h>\n");
  write("db/store.h", "#include <string>\n");
  write("reports/text.cpp", "#include <QJsonObject>\n#include \"db/store.h\"\n");
  write("station/cli/command.cpp", "#include <CLI/CLI.hpp>\n#include \"config/line_file.h\"\n");
  write("station/cli/options.h", "#include \"db/store.h\"\n");
  write("station/main.cpp", "#include \"station/cli/options.h\"\n");
  EXPECT_EQ(joined(judged()), "");
}

TEST_F(SampleTree, EachWallThatIsBrokenIsNamedWithFileAndLine) {
  write("db/store.h", "");
  write("scheduler/engine.cpp", "\n#include \"db/store.h\"\n");
  EXPECT_EQ(joined(judged()), "  scheduler/engine.cpp:2: db/store.h: scheduler must not know db\n");
}

TEST_F(SampleTree, EachFolderThatLooksUpwardsIsCaught) {
  const std::vector<std::pair<std::string, std::string>> forbidden = {
      {"dfu", "config"},
      {"dfu", "dfu/virtual"},
      {"dfu/usb", "dfu/virtual"},
      {"dfu/virtual", "dfu/particle"},
      {"config", "scheduler"},
      {"config", "dfu/usb"},
      {"scheduler", "db"},
      {"scheduler", "dfu/virtual"},
      {"scheduler", "station"},
      {"db", "scheduler"},
      {"db", "dfu"},
      {"reports", "scheduler"},
      {"reports", "dfu"},
      {"station", "tests"},
      {"station", "station/live"},
      {"station", "dfu/virtual"},
      {"station/record", "station/live"},
      {"station/live", "station/output"},
      {"station/output", "station/diagnostics"},
      {"station/sinks", "station/board"},
      {"station/board", "station/run"},
      {"station/run", "station/cli"},
      {"station/record", "dfu/usb"},
  };
  for (const auto& [from, to] : forbidden) {
    fs::remove_all(root_);
    write(to + "/there.h", "");
    write(from + "/here.cpp", "  #  include \"" + to + "/there.h\"  // why not\n");
    EXPECT_EQ(judged().size(), 1u) << from << " includes " << to;
  }
}

TEST_F(SampleTree, EachLibraryOutsideItsRoomIsCaught) {
  const std::vector<std::pair<std::string, std::string>> forbidden = {
      {"station/flash.cpp", "libusb-1.0/libusb.h"},
      {"scheduler/visit.cpp", "oneapi/tbb/task_arena.h"},
      {"scheduler/record.h", "QString"},
      {"db/store.cpp", "QLockFile"},
      {"reports/text.cpp", "SQLiteCpp/Database.h"},
      {"reports/text.cpp", "sqlite3.h"},
      {"reports/printable.cpp", "unistr.h"},
      {"dfu/recipe.cpp", "toml++/toml.h"},
      {"dfu/session.cpp", "spdlog/spdlog.h"},
      {"config/recipe.cpp", "CLI/CLI.hpp"},
      {"station/report.cpp", "sodium.h"},
      {"dfu/bus.h", "unistd.h"},
      {"dfu/virtual/line.cpp", "netinet/in.h"},
      {"station/board.cpp", "boost/beast.hpp"},
      {"station/main.cpp", "gtest/gtest.h"},
      {"station/run/flash_run.cpp", "CLI/CLI.hpp"},
      {"station/run/signals.cpp", "systemd/sd-daemon.h"},
      {"station/cli/flash_command.cpp", "CLI/CLI.hpp"},
  };
  for (const auto& [file, header] : forbidden) {
    fs::remove_all(root_);
    write(file, "#include <" + header + ">\n");
    EXPECT_EQ(judged().size(), 1u) << file << " includes " << header;
  }
}

TEST_F(SampleTree, AnIncludeThatIsNotWrittenFromTheRootIsCaught) {
  write("db/store.h", "");
  write("db/store.cpp", "#include \"store.h\"\n");
  write("db/reader.cpp", "#include \"../db/store.h\"\n");
  EXPECT_EQ(judged().size(), 2u);
}

TEST_F(SampleTree, TheBootModelIsCaughtWhenItReachesParticleThroughAnotherHeader) {
  write("dfu/particle/module.h", "");
  write("dfu/profile.h", "#include \"dfu/particle/module.h\"\n");
  write("dfu/virtual/unit.cpp", "#include \"dfu/profile.h\"\n");
  EXPECT_EQ(joined(judged()), "");
  write("dfu/virtual/photon_boot.cpp", "#include \"dfu/profile.h\"\n");
  EXPECT_EQ(joined(judged()), "  dfu/virtual/photon_boot.cpp: reaches dfu/particle/module.h\n");
}

}  // namespace
