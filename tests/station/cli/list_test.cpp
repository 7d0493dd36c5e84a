// `list`: what stands where, which units are ours, and that nobody is opened for it.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/cli/enumerate_units.h"
#include "station/live/line_view.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

QJsonObject json(const std::string& text) {
  const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(text));
  EXPECT_TRUE(document.isObject()) << text;
  return document.object();
}

dfu::Topology two_hubs() {
  dfu::Topology topology;
  topology.controllers = {{1, "pci-0000:00:14.0"}};
  topology.hubs = {{{"1-1"}, 4, dfu::TransactionTranslator::multi, dfu::PortPower::per_port},
                   {{"1-1.4"}, 2, dfu::TransactionTranslator::single, dfu::PortPower::none}};
  return topology;
}

dfu::AltSetting dfu_interface(std::uint8_t protocol) {
  return {.interface_number = 0, .interface_class = 0xFE, .interface_subclass = 1, .protocol = protocol};
}

dfu::UnitInfo unit_at(const std::string& port, dfu::UsbId id, std::vector<dfu::AltSetting> alternates) {
  dfu::UnitInfo unit;
  unit.port = {port};
  unit.id = id;
  unit.configuration.alternates = std::move(alternates);
  unit.configuration.functional = dfu::FunctionalDescriptor{.can_download = true, .transfer_size = 4096};
  return unit;
}

config::StationConfig named_station() {
  config::StationConfig station;
  station.controllers = {{"pci-0000:00:14.0", "L"}};
  station.hubs.push_back({.port = "L-1", .label = "left", .width = {}, .milliamperes = {}, .power = {}});
  station.slots = {{"L-1.1", "A1", ""}, {"L-1.4.2", "B2", ""}, {"L-1.9", "A9", ""}, {"R-1.1", "C1", ""}};
  return station;
}

std::vector<dfu::Profile> profiles(const std::vector<std::string>& names) {
  std::vector<dfu::Profile> found;
  for (const std::string& name : names) found.push_back(*dfu::find_profile(name));
  return found;
}

UnitView seen(const dfu::UnitInfo& unit, const std::vector<std::string>& ours) {
  return line_view(two_hubs(), {unit}, named_station(), profiles(ours)).units.at(0);
}

TEST(LineView, TheInterfaceSaysTheModeAndTheIdOnlyWhereThereIsNone) {
  const dfu::UsbId photon{0x2B04, 0xD006}, running{0x2B04, 0xC006}, stranger{0x2522, 0x0007};
  EXPECT_EQ(seen(unit_at("1-1.1", photon, {dfu_interface(2)}), {"photon"}).mode, UnitMode::dfu);
  EXPECT_EQ(seen(unit_at("1-1.1", photon, {dfu_interface(1)}), {"photon"}).mode, UnitMode::runtime);
  EXPECT_EQ(seen(unit_at("1-1.1", running, {}), {"photon"}).mode, UnitMode::application);
  EXPECT_EQ(seen(unit_at("1-1.1", running, {}), {"p1"}).mode, UnitMode::other);
  EXPECT_EQ(seen(unit_at("1-1.1", stranger, {dfu_interface(1)}), {"photon"}).mode, UnitMode::runtime);
  EXPECT_EQ(seen(unit_at("1-1.1", stranger, {{.interface_class = 3}}), {"photon"}).mode, UnitMode::other);
}

TEST(LineView, AUnitThatNoWantedProfileKnowsIsForeign) {
  const auto rom = unit_at("1-1.1", {0x0483, 0xDF11}, {dfu_interface(2)});
  EXPECT_TRUE(seen(rom, {"photon"}).foreign_dfu());
  EXPECT_FALSE(seen(rom, {"photon", "stm32-rom"}).foreign());
  EXPECT_EQ(seen(rom, {"photon", "stm32-rom"}).profile, "stm32-rom");
  const UnitView keyboard = seen(unit_at("1-1.1", {0x046D, 0xC31C}, {{.interface_class = 3}}), {"photon"});
  EXPECT_TRUE(keyboard.foreign());
  EXPECT_FALSE(keyboard.foreign_dfu());
}

TEST(LineView, OnlyASerialThatIsTheUnitsOwnCountsAsItsId) {
  dfu::UnitInfo unit = unit_at("1-1.1", {0x2B04, 0xD006}, {dfu_interface(2)});
  unit.serial = "00000000010C";
  EXPECT_EQ(seen(unit, {"photon"}).id, std::nullopt);
  unit.serial = "3B002C001847353236343033";
  EXPECT_EQ(seen(unit, {"photon"}).id, "3b002c001847353236343033");
  unit.id = {0x0483, 0xDF11};
  EXPECT_EQ(seen(unit, {"stm32-rom"}).id, std::nullopt) << "no Particle unit";
}

TEST(LineView, TheTreeHasEveryPortWithItsLabelAndNamesWhatIsMissing) {
  dfu::UnitInfo unit = unit_at("1-1.4.2", {0x2B04, 0xD006}, {dfu_interface(2)});
  unit.serial = "00000000010C";
  unit.release = 0x0200;
  const auto foreign = unit_at("1-1.2", {0x2522, 0x0007}, {dfu_interface(1)});
  const auto lost = unit_at("1-7.1", {0x046D, 0xC31C}, {});
  const config::StationConfig station = named_station();
  const LineView line = line_view(two_hubs(), {lost, unit, foreign}, station, profiles({"photon"}));
  EXPECT_EQ(
      as_text(line, station),
      "controller 1 (L)  pci-0000:00:14.0\n"
      "  hub 1-1 (left)  4 ports, multi TT, power per-port\n"
      "    1-1.1       A1  empty\n"
      "    1-1.2           2522:0007  0000  runtime      -                          (foreign DFU device: ignored)\n"
      "    1-1.3           empty\n"
      "    hub 1-1.4  2 ports, single TT, power none\n"
      "      1-1.4.1       empty\n"
      "      1-1.4.2   B2  2b04:d006  0200  dfu          photon     00000000010C\n"
      "  1-7.1             046d:c31c  0000  other        -\n"
      "\n"
      "1 unit, 1 in DFU mode; 1 foreign DFU device ignored; 1 other device\n"
      "Slot A9 is missing: this line has no port L-1.9.\n"
      "Slot C1 is missing: this line has no port R-1.1.\n");
}

TEST(LineView, WhatAUnitSaysOfItselfCannotMoveTheCursor) {
  dfu::UnitInfo unit = unit_at("1-1.1", {0x2B04, 0xD006}, {dfu_interface(2)});
  unit.serial = "\x1b[2J\n1";
  unit.product = "\u00e4\x7f\u0085";
  const std::string text = as_text(line_view(two_hubs(), {unit}, {}, profiles({"photon"})), {});
  EXPECT_THAT(text, HasSubstr("\\u001b[2J\\u000a1  \u00e4\\u007f\\u0085\n"));
}

class List : public testing::Test {
 protected:
  List() {
    folder_.write("line.toml",
                  "[[hub]]\nport = \"1-1\"\nports = 5\ntt = \"single\"\npower = \"ganged\"\n"
                  "[[unit]]\nport = \"1-1.1\"\n"
                  "[[unit]]\nport = \"1-1.2\"\ngeneration = 12\nid = \"3b002c001847353236343033\"\n"
                  "[[unit]]\nport = \"1-1.3\"\nprofile = \"dfu11\"\nstarts = \"application\"\n"
                  "[[unit]]\nport = \"1-1.4\"\nprofile = \"stm32-rom\"\n"
                  "[[unit]]\nport = \"1-1.5\"\nstarts = \"absent\"\n");
    folder_.write("station.toml", "[[slot]]\nport = \"1-1.2\"\nlabel = \"A2\"\n");
  }
  Ran list(const std::vector<std::string>& more) {
    std::vector<std::string> all{"list"};
    all.insert(all.end(), more.begin(), more.end());
    return folder_.run(all);
  }

  ProgramFolder folder_;
};

TEST_F(List, JsonHasTheKeysOfTheContract) {
  const Ran ran = list({"--line", "line.toml", "--station", "station.toml", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const QJsonObject object = json(ran.out);
  EXPECT_EQ(object["controllers"].toArray()[0].toObject()["path"], "virtual-1");
  const QJsonObject hub = object["hubs"].toArray()[0].toObject();
  EXPECT_EQ(hub["port"], "1-1");
  EXPECT_EQ(hub["ports"], 5);
  EXPECT_EQ(hub["tt"], "single");
  EXPECT_EQ(hub["power"], "ganged");
  const QJsonArray units = object["units"].toArray();
  ASSERT_EQ(units.size(), 4);
  const QJsonObject unit = units[1].toObject();
  EXPECT_EQ(unit["port"], "1-1.2");
  EXPECT_EQ(unit["slot"], "A2");
  EXPECT_EQ(unit["usb"], "2b04:d006");
  EXPECT_EQ(unit["release"], "0250");
  EXPECT_EQ(unit["unit"], "3b002c001847353236343033");
  EXPECT_EQ(unit["mode"], "dfu");
  EXPECT_EQ(unit["profile"], "photon");
  EXPECT_EQ(unit["foreign"], false);
  EXPECT_TRUE(units[0].toObject()["slot"].isNull());
  EXPECT_EQ(units[2].toObject()["profile"], "dfu11");
}

TEST_F(List, OfARecipeOnlyItsOwnUnitsAreNotForeign) {
  const Ran ran = list({"--line", "line.toml", "--recipe", example_recipe(), "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  std::vector<bool> foreign;
  for (const QJsonValue& unit : json(ran.out)["units"].toArray()) foreign.push_back(unit["foreign"].toBool());
  EXPECT_THAT(foreign, ElementsAre(false, false, true, true));
  const Ran text = list({"--line", "line.toml", "--recipe", example_recipe()});
  EXPECT_THAT(text.out, HasSubstr("2 units, 2 in DFU mode; 2 foreign DFU devices ignored"));
  EXPECT_THAT(text.out, HasSubstr("1-1.5       empty"));
}

TEST_F(List, AnEmptyLineIsNoError) {
  folder_.write("empty.toml", "[[hub]]\nport = \"1-1\"\n");
  const Ran ran = list({"--line", "empty.toml"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1-1.7       empty"));
  EXPECT_THAT(ran.out, HasSubstr("0 units"));
}

TEST_F(List, WhatCannotBeReadEndsWithItsOwnStatus) {
  EXPECT_EQ(list({"--line", "nothing.toml"}).status, 78);
  EXPECT_EQ(list({"--line", "virtual", "--station", "nothing.toml"}).status, 78);
  EXPECT_EQ(list({"--line", "virtual", "--recipe", "nothing.toml"}).status, 66);
  EXPECT_EQ(list({"--line", "line.toml", "--units", "3"}).status, 64);
  EXPECT_THAT(list({"--line", "virtual"}).out, Not(HasSubstr("foreign")));
}

// A bus that says what it is told to, and counts every touch of a unit.
class TellingBus : public dfu::Bus {
 public:
  explicit TellingBus(std::vector<dfu::BusEvent> events) : events_(std::move(events)) {}
  void start(OnEvent on_event) override {
    for (const dfu::BusEvent& event : events_) on_event(event);
  }
  void open(dfu::UnitHandle, std::vector<dfu::Claim>, std::function<void(dfu::OpenResult)>) override { ++touched; }
  void submit(dfu::UnitHandle, dfu::Transfer, std::function<void(dfu::TransferResult)>) override { ++touched; }
  void reset(dfu::UnitHandle, std::function<void(dfu::ResetStatus)>) override { ++touched; }
  void cancel(dfu::UnitHandle) override { ++touched; }
  void close(dfu::UnitHandle, std::function<void()>) override { ++touched; }

  int touched = 0;

 private:
  std::vector<dfu::BusEvent> events_;
};

TEST(EnumerateUnits, AreThoseThatAreThereWhenTheListEnds) {
  const auto arrived = [](dfu::UnitHandle handle, const std::string& port) {
    dfu::UnitInfo unit = unit_at(port, {1, 2}, {});
    unit.handle = handle;
    return dfu::Arrived{unit};
  };
  TellingBus bus({arrived(1, "1-1.10"), arrived(2, "1-1.2"), arrived(3, "1-1.3"), dfu::Left{2, {"1-1.2"}},
                  arrived(4, "1-1.9"), dfu::Listed{}, arrived(5, "1-1.1"), dfu::Left{3, {"1-1.3"}}});
  const auto units = enumerate_units(bus);
  ASSERT_TRUE(units);
  std::vector<std::string> ports;
  for (const dfu::UnitInfo& unit : *units) ports.push_back(unit.port.text);
  EXPECT_THAT(ports, ElementsAre("1-1.3", "1-1.9", "1-1.10"));
  EXPECT_EQ(bus.touched, 0);
}

}  // namespace
}  // namespace station
