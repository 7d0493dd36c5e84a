#include "dfu/plan.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "dfu/shared_sectors.h"

namespace dfu {

namespace {

class Planner {
 public:
  Planner(const Layout& layout, const SurveyResult& survey, const Profile& profile, const PlanOptions& options)
      : layout_(layout),
        profile_(profile),
        alternates_(survey.alternates),
        pointer_(survey.transfer_size, survey.counts_in_it),
        selected_(profile.alternate) {
    plan_.pieces = survey.pieces;
    shared_ = shared_sectors(layout, survey, options.rewrite, pointer_.chunk());
    for (SharedSector& one : shared_) {
      plan_.sectors[one.range.begin] = std::move(one.content);
      plan_.refused.merge(one.refused);
    }
    find_dirty(options.rewrite);
    const bool verify = options.verify && changes();
    const std::size_t early = early_steps();
    for (std::size_t step = 0; step < early; ++step) {
      if (dirty_step(step) || verify) select(step);
      erase_step(step);
      write_step(step);
      if (verify) verify_step(step);
    }
    if (selected_ == profile.store_alternate && early > 0) select(profile.alternate, early - 1);
    for (std::size_t step = early; step < layout.steps.size(); ++step) {
      erase_step(step);
      write_step(step);
    }
    write_headers();
    if (verify) verify_from(early);
    verify_neighbours();
    to_idle();
    leave();
  }

  Plan take() { return std::move(plan_); }

 private:
  // A piece is dirty when its bytes must be written: because they differ, or because its sector is erased for the
  // sake of another piece. A sector is erased when one of its pieces holds something else.
  // Shared sectors are written as a whole, see write_shared.
  void find_dirty(bool rewrite) {
    for (const Sector& one : layout_.shared) shares_.insert(one.range.begin);
    for (std::size_t i = 0; i < layout_.pieces.size(); ++i) {
      const Step::Does does = layout_.steps[layout_.pieces[i].step].does;
      if (does == Step::Does::patch || does == Step::Does::hold || is_shared(i)) continue;
      const bool blank_enough =
          plan_.pieces[i] == Holds::same || (does == Step::Does::write && plan_.pieces[i] == Holds::blank);
      const bool erasable = layout_.pieces[i].sector.erasable;
      if (erasable && (rewrite || !blank_enough)) to_erase_.insert(layout_.pieces[i].sector.range.begin);
    }
    for (std::size_t i = 0; i < layout_.pieces.size(); ++i) {
      const Step::Does does = layout_.steps[layout_.pieces[i].step].does;
      const bool erased = does == Step::Does::write && to_erase_.contains(layout_.pieces[i].sector.range.begin);
      const bool takes_bytes = does == Step::Does::write || does == Step::Does::patch;
      dirty_.push_back(takes_bytes && !is_shared(i) && (erased || rewrite || plan_.pieces[i] != Holds::same));
    }
  }

  bool is_shared(std::size_t piece) const {
    const Piece& one = layout_.pieces[piece];
    return layout_.steps[one.step].does == Step::Does::write && shares_.contains(one.sector.range.begin);
  }

  bool changes() const {
    const auto writes = [](const SharedSector& one) { return !one.writes.empty(); };
    return !to_erase_.empty() || std::ranges::any_of(shared_, writes) ||
           std::ranges::find(dirty_, true) != dirty_.end();
  }

  bool dirty_step(std::size_t step) const {
    const auto writes = [step](const SharedSector& one) { return one.step == step && !one.writes.empty(); };
    if (std::ranges::any_of(shared_, writes)) return true;
    for (std::size_t i = 0; i < layout_.pieces.size(); ++i) {
      if (layout_.pieces[i].step == step && dirty_[i]) return true;
    }
    return false;
  }

  // Everything up to the last step into the store comes first and is read back at once: the code that reaches the store
  // may lie in the parts that are written afterwards (docs/devices.md, "Order of the steps", "Configuration store").
  std::size_t early_steps() const {
    for (std::size_t step = layout_.steps.size(); step > 0; --step) {
      if (layout_.steps[step - 1].does == Step::Does::patch) return step;
    }
    return 0;
  }

  void select(std::size_t step) { select(alternate_of(layout_.steps[step], profile_, alternates_), step); }

  void select(std::uint8_t alternate, std::size_t step) {
    if (alternate == selected_) return;
    add(Operation::Kind::to_idle, step, layout_.steps[step].address, 0);
    add(Operation::Kind::select, step, 0, 0, alternate);
    reading_ = false;
    selected_ = alternate;
    pointer_.lose();
  }

  // The address of the header if this step has one.
  std::optional<std::uint32_t> header(std::size_t step) const {
    const Step& one = layout_.steps[step];
    if (!one.header_offset) return {};
    return one.address + *one.header_offset;
  }

  // The header's sector goes first: from then on the old module does not look whole either.
  void erase_step(std::size_t step) {
    const auto head = header(step);
    for (const bool with_header : {true, false}) {
      for (std::size_t i = 0; i < layout_.pieces.size(); ++i) {
        const Piece& piece = layout_.pieces[i];
        if (piece.step != step || (head && piece.data.contains(*head)) != with_header) continue;
        if (to_erase_.erase(piece.sector.range.begin) > 0) erase(step, piece.sector.range);
      }
    }
  }

  void erase(std::size_t step, Range sector) {
    select(step);
    if (reading_) add(Operation::Kind::to_idle, step, sector.begin, 0);
    reading_ = false;
    add(Operation::Kind::erase, step, sector.begin, sector.size());
    pointer_.lose();
  }

  void write_step(std::size_t step) {
    const auto head = header(step);
    for (std::size_t i = 0; i < layout_.pieces.size(); ++i) {
      if (layout_.pieces[i].step != step || !dirty_[i]) continue;
      const Range data = layout_.pieces[i].data;
      for (std::uint32_t at = data.begin; at < data.end;) {
        const Range block{at, at + std::min(pointer_.chunk(), data.end - at)};
        if (head && block.contains(*head)) {
          headers_.push_back({step, block, false});
        } else {
          transfer(Operation::Kind::write, step, block);
        }
        at = block.end;
      }
    }
    for (const SharedSector& one : shared_) {
      if (one.step == step) write_shared(one);
    }
  }

  // Its neighbours are back as soon as can be.
  void write_shared(const SharedSector& sector) {
    if (sector.erase) erase(sector.step, sector.range);
    for (const Range& range : sector.writes) {
      for (std::uint32_t at = range.begin; at < range.end;) {
        const Range block{at, at + std::min(pointer_.chunk(), range.end - at)};
        if (holds_header(block)) {
          headers_.push_back({sector.step, block, true});
        } else {
          transfer(Operation::Kind::write, sector.step, block, true);
        }
        at = block.end;
      }
    }
  }

  bool holds_header(Range block) const {
    for (std::size_t step = 0; step < layout_.steps.size(); ++step) {
      const auto head = header(step);
      if (head && block.contains(*head)) return true;
    }
    return false;
  }

  // From the last step to the first: what the unit looks at first becomes valid when all it leads to is in place.
  void write_headers() {
    for (auto header = headers_.rbegin(); header != headers_.rend(); ++header) {
      transfer(Operation::Kind::write, header->step, header->block, header->shared);
    }
  }

  void verify_step(std::size_t step) {
    for (const Range& range : layout_.steps[step].ranges()) read_range(step, range);
  }

  void verify_from(std::size_t first) {
    for (std::size_t step = first; step < layout_.steps.size(); ++step) verify_step(step);
  }

  void verify_neighbours() {
    for (const Neighbour& one : layout_.kept) {
      const auto found = std::ranges::find(shared_, one.sector.range, &SharedSector::range);
      if (found != shared_.end() && found->erase) read_range(one.step, one.words(), true);
    }
  }

  void read_range(std::size_t step, Range range, bool shared = false) {
    for (std::uint32_t at = range.begin; at < range.end;) {
      const Range block{at, at + std::min(pointer_.chunk(), range.end - at)};
      // A unit that counts its blocks in another size than it says writes and reads at the same wrong addresses.
      if (block.end == range.end && block.begin != range.begin && !profile_.platform) pointer_.lose();
      transfer(Operation::Kind::read, step, block, shared);
      at = block.end;
    }
  }

  void to_idle() {
    if (reading_) add(Operation::Kind::to_idle, layout_.steps.size() - 1, layout_.steps.back().address, 0);
    reading_ = false;
  }

  void leave() {
    select(profile_.alternate, layout_.steps.size() - 1);
    if (profile_.leave_uses_pointer) set_start();
    add(Operation::Kind::leave, layout_.steps.size() - 1, 0, 0);
  }

  // The unit jumps to where the pointer stands: into its own memory, also where no step goes there.
  void set_start() {
    const auto own = std::ranges::find(layout_.steps, std::size_t{0}, &Step::memory);
    if (own != layout_.steps.end()) {
      return set_address(static_cast<std::size_t>(own - layout_.steps.begin()), own->address);
    }
    const auto map = parse_memory_map(profile_.map);
    if (map) set_address(0, map->sectors.front().range.begin);
  }

  // One block, with the way to it: the pointer where the block number cannot reach, dfuIDLE before an upload.
  void transfer(Operation::Kind kind, std::size_t step, Range block, bool shared = false) {
    select(step);
    const bool read = kind == Operation::Kind::read;
    auto number = pointer_.block_at(block.begin);
    if (!number || read != reading_) {
      set_address(step, block.begin);
      if (read) add(Operation::Kind::to_idle, step, block.begin, 0);
      number = pointer_.block_at(block.begin);
      reading_ = read;
    }
    add(kind, step, block.begin, block.size(), *number);
    plan_.operations.back().shared = shared;
  }

  void set_address(std::size_t step, std::uint32_t address) {
    if (reading_) add(Operation::Kind::to_idle, step, address, 0);  // DNLOAD is refused in dfuUPLOAD-IDLE
    add(Operation::Kind::set_address, step, address, 0);
    pointer_.set(address);
  }

  void add(Operation::Kind kind, std::size_t step, std::uint32_t address, std::uint32_t length,
           std::uint16_t block = 0) {
    const Duration device_time = device_time_of(kind, length, profile_);
    plan_.operations.push_back({kind, step, address, length, block, device_time});
    plan_.device_time += device_time;
  }

  const Layout& layout_;
  const Profile& profile_;
  const std::vector<std::uint8_t>& alternates_;  // SurveyResult::alternates
  Pointer pointer_;
  bool reading_ = false;   // the unit is in dfuUPLOAD-IDLE
  std::uint8_t selected_;  // alternate setting
  std::set<std::uint32_t> to_erase_;
  std::vector<bool> dirty_;
  std::set<std::uint32_t> shares_;    // Layout::shared
  std::vector<SharedSector> shared_;  // those of them that must change; what they will hold is in the plan
  struct HeaderBlock {
    std::size_t step = 0;
    Range block;
    bool shared = false;
  };
  std::vector<HeaderBlock> headers_;  // written after everything else
  Plan plan_;
};

// Writes all, whatever the unit holds: see Survey::begin_reading.
class PlainPlanner {
 public:
  PlainPlanner(const Layout& layout, const SurveyResult& survey, const Profile& profile)
      : range_(layout.steps.front().range()),
        chunk_(Pointer(survey.transfer_size).chunk()),
        profile_(profile),
        alternate_(alternate_of(layout.steps.front(), profile, survey.alternates)) {
    plan_.pieces = survey.pieces;
  }

  Plan plan(const PlanOptions& options, bool tolerant) {
    if (alternate_ != profile_.alternate) add_select();
    each_block(Operation::Kind::write);
    add(tolerant ? Operation::Kind::manifest : Operation::Kind::manifest_and_reset, range_.end, 0);
    if (options.verify) {
      each_block(Operation::Kind::read);
      add(Operation::Kind::to_idle, range_.begin, 0);
    }
    add(Operation::Kind::reset, range_.begin, 0);
    return std::move(plan_);
  }

 private:
  void add_select() {
    const Duration device_time = device_time_of(Operation::Kind::select, 0, profile_);
    plan_.operations.push_back({Operation::Kind::select, 0, 0, 0, alternate_, device_time});
    plan_.device_time += device_time;
  }

  void each_block(Operation::Kind kind) {
    for (std::uint32_t at = range_.begin; at < range_.end; at += chunk_) {
      add(kind, at, std::min(chunk_, range_.end - at));
    }
  }

  void add(Operation::Kind kind, std::uint32_t address, std::uint32_t length) {
    // Rising numbers; where 65536 do not suffice they begin again.
    const auto block = static_cast<std::uint16_t>((address - range_.begin + chunk_ - 1) / chunk_);
    const Duration device_time = device_time_of(kind, length, profile_);
    plan_.operations.push_back({kind, 0, address, length, block, device_time});
    plan_.device_time += device_time;
  }

  Range range_;
  std::uint32_t chunk_;
  const Profile& profile_;
  const std::uint8_t alternate_;
  Plan plan_;
};

}  // namespace

bool Plan::writes() const {
  return std::any_of(operations.begin(), operations.end(), [](const Operation& operation) {
    return operation.kind == Operation::Kind::erase || operation.kind == Operation::Kind::write;
  });
}

Plan make_plan(const Layout& layout, const SurveyResult& survey, const Profile& profile, const PlanOptions& options) {
  if (profile.dialect == Dialect::dfu11) return PlainPlanner(layout, survey, profile).plan(options, survey.tolerant);
  return Planner(layout, survey, profile, options).take();
}

}  // namespace dfu
