// The program itself with its board, over a virtual line.
#pragma once

#include <QJsonDocument>
#include <QJsonObject>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include <gmock/gmock.h>

#include "tests/station/board/board_fixture.h"

namespace station::board {

class StationTest : public BoardTest {
 protected:
  void SetUp() override {
    // A test that counts on times of a line would be one of this machine: it waits for what it wants to see.
    start({"--line", "virtual", "--units", "2", "--speed", "5"});
  }
  void start(const std::vector<std::string>& more) {
    std::vector<std::string> command = {"run", recipe_, "--db", "r.db", "--board", "127.0.0.1:0", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    process_ = folder_.start(command);
    const std::string begin = await("stdout", "\"board\":\"http://127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoi(between(begin, "\"board\":\"http://127.0.0.1:", "/")));
  }
  void TearDown() override {
    if (process_ > 0) stop();
  }
  Ran stop() {
    kill(process_, SIGTERM);
    const Ran ran = folder_.finish(std::exchange(process_, 0));
    return ran;
  }
  std::string await(const std::string& file, const std::string& text) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::string read;
    while ((read = folder_.read(file)).find(text) == std::string::npos && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_THAT(read, testing::HasSubstr(text));
    return read;
  }
  void await_verdicts() {
    await("stdout", "\"event\":\"verdict\",\"outcome\":\"passed\",\"port\":\"1-1.1\"");
    await("stdout", "\"event\":\"verdict\",\"outcome\":\"passed\",\"port\":\"1-1.2\"");
  }
  static QJsonObject json(const std::string& answer) {
    const std::size_t body = answer.find("\r\n\r\n");
    return QJsonDocument::fromJson(QByteArray::fromStdString(answer.substr(body + 4))).object();
  }

  // What is asked again and again until it says so.
  QJsonObject until(const std::string& path, const std::function<bool(const QJsonObject&)>& is_so) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    QJsonObject told;
    while (!is_so(told = json(get(path))) && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(is_so(told)) << path;
    return told;
  }
  void await_slot(const std::string& slot, const QString& member, const QString& value) {
    until("/api/slots/" + slot, [&](const QJsonObject& told) { return told[member].toString() == value; });
  }
  QJsonObject line() { return json(get("/api/state"))["line"].toObject(); }

  // The example with another name, as `file`.
  void write_recipe(const std::string& file, const std::string& name) {
    std::string text = folder_.read(example_recipe());
    const std::string beside = std::filesystem::path(example_recipe()).parent_path().string() + "/";
    for (std::size_t at = 0; (at = text.find("image = \"", at)) != std::string::npos; at += beside.size()) {
      text.insert(at + 9, beside);
    }
    const std::string before = "name = \"photon-example\"";
    folder_.write(file, text.replace(text.find(before), before.size(), "name = " + name));
  }

  std::string recipe_ = example_recipe();
  int process_ = 0;
};

}  // namespace station::board
