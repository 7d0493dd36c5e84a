// The states of a Photon's DFU, and where each request leads in each of them. A table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dfu/protocol.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu::virt::testing {

inline constexpr std::uint32_t user_at = 0x080A0000;

struct Asked {
  const char* name;
  Setup setup;
  Bytes data;
};

inline const Bytes command = dfuse_set_address(user_at);
inline const std::vector<Asked> asked{
    {"detach", setup(Request::detach, 1000, 0), {}},
    {"command", setup(Request::dnload, 0, 5), command},
    {"block", setup(Request::dnload, 2, 4096), Bytes(4096, 1)},
    {"leave", setup(Request::dnload, 2, 0), {}},
    {"too-long", setup(Request::dnload, 2, 4097), Bytes(4097, 1)},
    {"read", setup(Request::upload, 2, 64), {}},
    {"read-commands", setup(Request::upload, 0, 64), {}},
    {"read-reserved", setup(Request::upload, 1, 64), {}},
    {"read-nothing", setup(Request::upload, 2, 0), {}},
    {"status", setup(Request::getstatus, 0, 6), {}},
    {"clear", setup(Request::clrstatus, 0, 0), {}},
    {"state", setup(Request::getstate, 0, 1), {}},
    {"abort", setup(Request::abort, 0, 0), {}},
    {"undefined", {request_type_out, 7, 0, 0, 0}, {}},
    {"undefined-in", {request_type_in, 0x2A, 0, 0, 8}, {}},
    {"wrong-way", {request_type_in, 1, 2, 0, 64}, {}},
};

// For each state, what each request leads to: "state number" when it is answered, "x" and the state when it is stalled.
inline const std::map<State, std::map<std::string, std::string>> expected{
    {State::dfu_idle,
     {{"detach", "2"},
      {"command", "3"},
      {"block", "3"},
      {"leave", "6"},
      {"too-long", "x2"},
      {"read", "9"},
      {"read-commands", "2"},
      {"read-reserved", "x10"},
      {"read-nothing", "2"},
      {"status", "2"},
      {"clear", "10"},
      {"state", "2"},
      {"abort", "2"},
      {"undefined", "x2"},
      {"undefined-in", "x2"},
      {"wrong-way", "x2"}}},
    {State::dnload_sync,
     {{"detach", "2"},
      {"command", "x3"},
      {"block", "x3"},
      {"leave", "x3"},
      {"too-long", "x3"},
      {"read", "x3"},
      {"read-commands", "x3"},
      {"read-reserved", "x3"},
      {"read-nothing", "2"},
      {"status", "3"},
      {"clear", "10"},
      {"state", "3"},
      {"abort", "2"},
      {"undefined", "x3"},
      {"undefined-in", "x3"},
      {"wrong-way", "x3"}}},
    {State::dnload_idle,
     {{"detach", "2"},
      {"command", "3"},
      {"block", "3"},
      {"leave", "6"},
      {"too-long", "x5"},
      {"read", "x5"},
      {"read-commands", "x5"},
      {"read-reserved", "x5"},
      {"read-nothing", "2"},
      {"status", "5"},
      {"clear", "10"},
      {"state", "5"},
      {"abort", "2"},
      {"undefined", "x5"},
      {"undefined-in", "x5"},
      {"wrong-way", "x5"}}},
    {State::manifest_sync,
     {{"detach", "2"},
      {"command", "x6"},
      {"block", "x6"},
      {"leave", "x6"},
      {"too-long", "x6"},
      {"read", "x6"},
      {"read-commands", "x6"},
      {"read-reserved", "x6"},
      {"read-nothing", "2"},
      {"status", "5"},
      {"clear", "10"},
      {"state", "6"},
      {"abort", "2"},
      {"undefined", "x6"},
      {"undefined-in", "x6"},
      {"wrong-way", "x6"}}},
    {State::upload_idle,
     {{"detach", "2"},
      {"command", "x9"},
      {"block", "x9"},
      {"leave", "x9"},
      {"too-long", "x9"},
      {"read", "9"},
      {"read-commands", "2"},
      {"read-reserved", "x10"},
      {"read-nothing", "2"},
      {"status", "9"},
      {"clear", "10"},
      {"state", "9"},
      {"abort", "2"},
      {"undefined", "x9"},
      {"undefined-in", "x9"},
      {"wrong-way", "x9"}}},
    {State::error,
     {{"detach", "10"},
      {"command", "x10"},
      {"block", "x10"},
      {"leave", "x10"},
      {"too-long", "x10"},
      {"read", "x10"},
      {"read-commands", "x10"},
      {"read-reserved", "x10"},
      {"read-nothing", "2"},
      {"status", "10"},
      {"clear", "2"},
      {"state", "10"},
      {"abort", "10"},
      {"undefined", "x10"},
      {"undefined-in", "x10"},
      {"wrong-way", "x10"}}},
};

}  // namespace dfu::virt::testing
