#include "dfu/plan.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace dfu {
namespace {

using Kind = Operation::Kind;

const Profile photon = *find_profile("photon");
const MemoryMap photon_map = *parse_memory_map(photon.map);

Step step(std::string name, std::uint32_t address, std::size_t size, std::optional<std::uint32_t> header = {}) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + address / 1024 + 1);
  return {std::move(name), make_image("image.bin", std::move(bytes)), address, header};
}

// As a file that says where its bytes go: `count` ranges with gaps between them.
Step scattered(std::string name, std::uint32_t address, std::uint32_t size, std::uint32_t gap, std::uint32_t count) {
  Step one = step(std::move(name), address, std::size_t{size} * count);
  auto image = std::make_shared<Image>(*one.image);
  image->content = image->file;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t begin = address + i * (size + gap);
    image->facts.ranges.push_back({begin, begin + size});
  }
  one.image = std::move(image);
  return one;
}

Layout layout_of(std::vector<Step> steps) {
  return std::get<Layout>(lay_out(std::move(steps), photon_map));
}

SurveyResult found(const Layout& layout, Holds holds, std::uint16_t transfer_size = 4096) {
  SurveyResult survey;
  survey.map = photon_map;
  survey.transfer_size = transfer_size;
  survey.can_upload = true;
  survey.pieces.assign(layout.pieces.size(), holds);
  return survey;
}

std::vector<Operation> only(const Plan& plan, Kind kind) {
  std::vector<Operation> some;
  for (const Operation& one : plan.operations) {
    if (one.kind == kind) some.push_back(one);
  }
  return some;
}

// Carries a plan out on memory, and holds it to what a DfuSe unit accepts: the state that each request needs, and the
// pointer, which an erase leaves somewhere else.
class Memory {
 public:
  Memory(std::uint16_t transfer_size, Bytes held) : stride_(transfer_size), held_(std::move(held)) {}

  void carry_out(const Plan& plan, const Layout& layout) {
    for (const Operation& one : plan.operations) {
      ASSERT_FALSE(left_) << "leave is the last";
      carry_out(one, layout, plan.sectors);
    }
    EXPECT_TRUE(left_);
  }

  static constexpr Range range{0x08020000, 0x08100000};
  std::uint8_t& at(std::uint32_t address) { return held_.at(address - range.begin); }

  std::map<std::uint32_t, int> erased;

 private:
  enum class In { idle, download, upload };

  void carry_out(const Operation& one, const Layout& layout, const BytesAt& sectors) {
    switch (one.kind) {
      case Kind::erase: {
        EXPECT_NE(in_, In::upload);
        const Sector* sector = photon_map.find(one.address);
        ASSERT_TRUE(sector && sector->erasable && sector->range.size() == one.length);
        std::fill_n(&at(one.address), one.length, 0xFF);
        ++erased[sector->range.begin];
        pointer_ = 0xDEAD0000;
        in_ = In::download;
        break;
      }
      case Kind::set_address:
        EXPECT_NE(in_, In::upload);
        pointer_ = one.address;
        in_ = In::download;
        break;
      case Kind::to_idle:
        in_ = In::idle;
        break;
      case Kind::write: {
        EXPECT_NE(in_, In::upload);
        expect_reached(one);
        const ByteView bytes = bytes_of(one, layout, sectors);
        for (std::uint32_t i = 0; i < one.length; ++i) {
          if ((at(one.address + i) & bytes[i]) != bytes[i]) ADD_FAILURE() << "not erased: " << one.address + i;
          at(one.address + i) &= bytes[i];
        }
        in_ = In::download;
        break;
      }
      case Kind::read:
        EXPECT_NE(in_, In::download);
        expect_reached(one);
        in_ = In::upload;
        break;
      case Kind::leave:
        EXPECT_NE(in_, In::upload);
        left_ = true;
        break;
      case Kind::manifest:
      case Kind::manifest_and_reset:
      case Kind::reset:
        ADD_FAILURE() << "of plain DFU";
        break;
      case Kind::select:
        ADD_FAILURE() << "no step here goes into the store";
        break;
    }
  }

  void expect_reached(const Operation& one) const {
    EXPECT_LE(one.length, std::min(stride_, 4096u));
    ASSERT_GE(one.block, dfuse_first_block);
    EXPECT_EQ(pointer_ + (one.block - dfuse_first_block) * stride_, one.address);
    // ST reads the size of *this* block where others read wTransferSize: both must lead to the same place.
    if (one.block != dfuse_first_block) {
      EXPECT_LE(stride_, 4096u);
    }
  }

  std::uint32_t stride_;
  Bytes held_;
  std::uint32_t pointer_ = 0xDEAD0000;
  In in_ = In::idle;
  bool left_ = false;
};

// The three modules of a Photon, small, each with its header 0x184 or 0 bytes in.
std::vector<Step> modules() {
  return {step("part1", 0x08020000, 0x21000, 0x184), step("part2", 0x08060000, 10000, 0x184),
          step("user", 0x080A0000, 9000, 0)};
}

TEST(Plan, EveryBlockWithAHeaderIsWrittenLastAndTheFirstStepsVeryLast) {
  const Layout layout = layout_of(modules());
  const auto writes = only(make_plan(layout, found(layout, Holds::other), photon, {}), Kind::write);
  ASSERT_GT(writes.size(), 3u);
  std::vector<std::uint32_t> last;
  for (std::size_t i = writes.size() - 3; i < writes.size(); ++i) last.push_back(writes[i].address);
  EXPECT_EQ(last, (std::vector<std::uint32_t>{0x080A0000, 0x08060000, 0x08020000}));
}

TEST(Plan, HeaderDeepInsideAModuleIsStillWrittenLast) {
  for (const std::uint32_t header : {0u, 4095u, 4096u, 0x1FFFFu, 0x20000u, 0x20FFFu}) {
    const Layout layout = layout_of({step("x", 0x08020000, 0x21000, header)});
    const auto writes = only(make_plan(layout, found(layout, Holds::other), photon, {}), Kind::write);
    const Operation& last = writes.back();
    EXPECT_TRUE((Range{last.address, last.address + last.length}.contains(0x08020000 + header))) << header;
  }
}

TEST(Plan, ErasesComeBeforeTheWritesOfTheirStepAndTheHeadersSectorFirst) {
  const Layout layout = layout_of({step("x", 0x08020000, 0x40000, 0x20004), step("y", 0x08060000, 100)});
  const Plan plan = make_plan(layout, found(layout, Holds::other), photon, {});
  const auto erases = only(plan, Kind::erase);
  ASSERT_EQ(erases.size(), 3u);
  EXPECT_EQ(erases[0].address, 0x08040000u);
  EXPECT_EQ(erases[1].address, 0x08020000u);
  EXPECT_EQ(erases[2].address, 0x08060000u);
  std::set<std::size_t> writing;
  for (const Operation& one : plan.operations) {
    if (one.kind == Kind::write) writing.insert(one.step);
    if (one.kind == Kind::erase) {
      EXPECT_FALSE(writing.contains(one.step));
    }
  }
}

TEST(Plan, SectorThatTwoStepsShareIsErasedOnceAndBothAreWritten) {
  const Layout layout = layout_of({step("a", 0x08020000, 100), step("b", 0x08020200, 100)});
  for (const auto& [a, b] : std::vector<std::pair<Holds, Holds>>{{Holds::other, Holds::other},
                                                                 {Holds::same, Holds::other},
                                                                 {Holds::other, Holds::same},
                                                                 {Holds::other, Holds::blank},
                                                                 {Holds::blank, Holds::other}}) {
    SurveyResult survey = found(layout, Holds::other);
    survey.pieces = {a, b};
    const Plan plan = make_plan(layout, survey, photon, {});
    EXPECT_EQ(only(plan, Kind::erase).size(), 1u);
    EXPECT_EQ(only(plan, Kind::write).size(), 2u) << "what was in place is gone with the sector";
    EXPECT_EQ(plan.operations.front().kind, Kind::erase);
  }
}

TEST(Plan, BlankPiecesAreWrittenWithoutAnErase) {
  const Layout layout = layout_of(modules());
  const Plan plan = make_plan(layout, found(layout, Holds::blank), photon, {});
  EXPECT_TRUE(only(plan, Kind::erase).empty());
  std::uint32_t written = 0;
  for (const Operation& one : only(plan, Kind::write)) written += one.length;
  EXPECT_EQ(written, 0x21000u + 10000 + 9000);
}

TEST(Plan, UnitThatHoldsEverythingIsOnlyToldToLeave) {
  const Layout layout = layout_of(modules());
  const Plan plan = make_plan(layout, found(layout, Holds::same), photon, {});
  EXPECT_FALSE(plan.writes());
  ASSERT_EQ(plan.operations.size(), 1u);
  EXPECT_EQ(plan.operations[0].kind, Kind::leave);
  const Plan again = make_plan(layout, found(layout, Holds::same), photon, {.rewrite = true});
  EXPECT_EQ(only(again, Kind::erase).size(), 4u);
}

// Every byte of every step once, in order, whatever was written: also those that were found in place.
TEST(Plan, AnyWriteIsFollowedByAReadOfEverything) {
  const Layout layout = layout_of(modules());
  for (std::size_t dirty = 0; dirty < layout.pieces.size(); ++dirty) {
    for (const Holds holds : {Holds::other, Holds::blank}) {
      SurveyResult survey = found(layout, Holds::same);
      survey.pieces[dirty] = holds;
      const Plan plan = make_plan(layout, survey, photon, {});
      std::map<std::size_t, std::uint32_t> next;
      bool writing_is_over = false;
      for (const Operation& one : plan.operations) {
        const bool writes = one.kind == Kind::write || one.kind == Kind::erase;
        EXPECT_FALSE(writing_is_over && writes);
        if (one.kind != Kind::read) continue;
        writing_is_over = true;
        auto [at, fresh] = next.try_emplace(one.step, layout.steps[one.step].address);
        EXPECT_EQ(one.address, at->second);
        at->second += one.length;
      }
      ASSERT_EQ(next.size(), layout.steps.size());
      for (const auto& [index, end] : next) EXPECT_EQ(end, layout.steps[index].range().end);
      EXPECT_TRUE(only(make_plan(layout, survey, photon, {.verify = false}), Kind::read).empty());
    }
  }
}

TEST(Plan, AddressIsSetAgainAfterEachErase) {
  const Layout layout = layout_of({step("x", 0x08020000, 0x40000)});
  const Plan plan = make_plan(layout, found(layout, Holds::other), photon, {});
  bool pointer_known = true;
  for (const Operation& one : plan.operations) {
    if (one.kind == Kind::erase) pointer_known = false;
    if (one.kind == Kind::set_address) pointer_known = true;
    if (one.kind == Kind::write || one.kind == Kind::read) {
      EXPECT_TRUE(pointer_known);
    }
  }
}

TEST(Plan, FullBlocksNeedOneAddressAndLargerOnesAnAddressEach) {
  const Layout layout = layout_of({step("x", 0x08020000, 4096 * 10)});
  for (const std::uint16_t size : {64, 1024, 2048, 4096}) {
    const Plan plan = make_plan(layout, found(layout, Holds::blank, size), photon, {.verify = false});
    EXPECT_EQ(only(plan, Kind::write).size(), 4096u * 10 / size);
    EXPECT_EQ(only(plan, Kind::set_address).size(), 1u) << size;
  }
  for (const std::uint16_t size : {4097, 8192, 65535}) {
    const Plan plan = make_plan(layout, found(layout, Holds::blank, size), photon, {.verify = false});
    EXPECT_EQ(only(plan, Kind::write).size(), 10u);
    EXPECT_EQ(only(plan, Kind::set_address).size(), 10u) << size;
  }
}

TEST(Plan, LeaveSetsThePointerToTheFirstStepWhereTheUnitJumpsThere) {
  const Profile rom = standard_profile({0x0483, 0xDF11}, 0);
  const Layout layout = layout_of(modules());
  const Plan plan = make_plan(layout, found(layout, Holds::other), rom, {});
  ASSERT_GE(plan.operations.size(), 2u);
  const Operation& before = plan.operations[plan.operations.size() - 2];
  EXPECT_EQ(before.kind, Kind::set_address);
  EXPECT_EQ(before.address, 0x08020000u);
}

TEST(Plan, FloorIsTheSumOfItsOperations) {
  const Layout layout = layout_of(modules());
  const Plan plan = make_plan(layout, found(layout, Holds::other), photon, {});
  Duration sum{};
  for (const Operation& one : plan.operations) {
    EXPECT_GT(one.device_time, Duration{});
    sum += one.device_time;
  }
  EXPECT_EQ(plan.device_time, sum);
}

// Random recipes on random contents: whatever is found, the memory ends as the recipe wants it, no sector is erased
// twice, nothing is written that was not erased, and no block goes astray.
TEST(Plan, WhateverIsFoundTheMemoryEndsAsTheRecipeWantsIt) {
  std::mt19937 random(5);
  const auto pick = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 60; ++round) {
    std::vector<Step> steps;
    std::uint32_t address = 0x08020000 + pick(3000) * 4;
    for (std::uint32_t i = 0; i <= pick(4); ++i) {
      const std::uint32_t size = 1 + pick(60000);
      const auto header = pick(2) != 0 ? std::optional(pick(size)) : std::nullopt;
      const std::string name = "s" + std::to_string(i);
      const bool whole = pick(3) != 0;
      steps.push_back(whole ? step(name, address, size, header)
                            : scattered(name, address, size / 5 + 1, pick(5000), 5));
      address = (steps.back().range().end + pick(3) * pick(70000) + 3) / 4 * 4;
    }
    if (pick(2) != 0) std::ranges::reverse(steps);
    const Layout layout = layout_of(std::move(steps));
    const std::uint16_t sizes[] = {64, 1024, 2048, 4096, 5000, 65535};
    SurveyResult survey = found(layout, Holds::other, sizes[pick(6)]);
    Bytes held(Memory::range.size(), 0xFF);
    for (std::size_t i = 0; i < layout.pieces.size(); ++i) {
      const Piece& piece = layout.pieces[i];
      survey.pieces[i] = static_cast<Holds>(pick(3));
      if (survey.pieces[i] == Holds::blank) continue;
      const Step& one = layout.steps[piece.step];
      for (std::uint32_t at = piece.data.begin; at < piece.data.end; ++at) {
        held[at - Memory::range.begin] = survey.pieces[i] == Holds::same ? one.payload({at, at + 1})[0] : 0x00;
      }
    }
    const PlanOptions options{.rewrite = pick(4) == 0, .verify = pick(4) != 0};
    Memory memory(survey.transfer_size, std::move(held));
    memory.carry_out(make_plan(layout, survey, photon, options), layout);
    for (const auto& [sector, times] : memory.erased) EXPECT_EQ(times, 1);
    for (const Step& one : layout.steps) {
      for (const Range& range : one.ranges()) {
        const ByteView wanted = one.payload(range);
        for (std::uint32_t i = 0; i < wanted.size(); ++i) ASSERT_EQ(memory.at(range.begin + i), wanted[i]) << round;
      }
    }
  }
}

}  // namespace
}  // namespace dfu
