#include "dfu/shared_sectors.h"

#include <algorithm>

namespace dfu {

namespace {

bool blank(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0xFF; });
}

// One sector: what it holds now, as far as that was read, and what it must hold.
class Shared {
 public:
  Shared(const Layout& layout, const SurveyResult& survey, Sector sector, bool rewrite)
      : layout_(layout), survey_(survey), held_(sector.range.size(), 0xFF), dirty_(granules(sector.range.size())) {
    out_.range = sector.range;
    out_.step = layout.steps.size();
    for (std::size_t i = 0; i < std::min(layout.kept.size(), survey.kept.size()); ++i) {
      if (layout.kept[i].sector == sector && !survey.kept[i].empty()) put(held_, layout.kept[i].data, survey.kept[i]);
    }
    out_.content = held_;
    for (const Neighbour& one : layout.kept) {
      if (one.sector == sector) give_back(one.data);
    }
    out_.erase = out_.content != held_;
    for (std::size_t i = 0; i < layout.pieces.size(); ++i) {
      const bool writes = layout.steps[layout.pieces[i].step].does == Step::Does::write;
      if (writes && layout.pieces[i].sector == sector) add(layout.pieces[i], survey.pieces[i], rewrite);
    }
    out_.erase = out_.erase || touches_what_is_programmed();
  }

  bool changes() const {
    return out_.erase || !out_.refused.empty() || std::ranges::find(dirty_, true) != dirty_.end();
  }

  SharedSector take(std::uint32_t join) {
    if (out_.erase) {
      // All that is not blank, and all that steps write: those are counted.
      for (std::size_t i = 0; i < dirty_.size(); ++i) dirty_[i] = dirty_[i] || !blank(part(out_.content, i));
      for (const Range& one : pieces_) mark(one);
    }
    collect_writes(out_.erase ? join : 0);
    return std::move(out_);
  }

 private:
  static std::size_t granules(std::uint32_t bytes) { return (bytes + flash_granule - 1) / flash_granule; }

  ByteView part(const Bytes& sector, std::size_t granule) const {
    const std::size_t at = granule * flash_granule;
    return ByteView(sector).subspan(at, std::min<std::size_t>(flash_granule, sector.size() - at));
  }

  void put(Bytes& sector, Range where, ByteView bytes) const {
    std::ranges::copy(bytes, sector.begin() + (where.begin - out_.range.begin));
  }

  void mark(Range bytes) {
    const std::size_t end = granules(bytes.end - out_.range.begin);
    for (std::size_t i = (bytes.begin - out_.range.begin) / flash_granule; i < end; ++i) dirty_[i] = true;
  }

  // Writes the bytes back only if this unit may have held them. An interrupted erase has only set bits of them, and an
  // interrupted write has not cleared all. If a bit is cleared that was set, this is another unit.
  void give_back(Range neighbour) {
    for (const auto& [begin, bytes] : survey_.to_restore) {
      const Range to_restore{begin, begin + static_cast<std::uint32_t>(bytes.size())};
      if (!to_restore.overlaps(neighbour)) continue;
      const Range both{std::max(to_restore.begin, neighbour.begin), std::min(to_restore.end, neighbour.end)};
      const ByteView taken = ByteView(bytes).subspan(both.begin - begin, both.size());
      const ByteView now = ByteView(held_).subspan(both.begin - out_.range.begin, both.size());
      const bool theirs = std::ranges::equal(now, taken, [](auto held, auto was) { return (held & was) == was; });
      if (theirs) {
        put(out_.content, both, taken);
      } else {
        out_.refused[both.begin] = Bytes(taken.begin(), taken.end());
      }
    }
  }

  void add(const Piece& piece, Holds holds, bool rewrite) {
    const ByteView wanted = layout_.steps[piece.step].payload(piece.data);
    put(out_.content, piece.data, wanted);
    if (holds == Holds::same) put(held_, piece.data, wanted);
    if (rewrite || holds == Holds::other) out_.erase = true;
    if (rewrite || holds != Holds::same) mark(piece.data);
    pieces_.push_back(piece.data);
    out_.step = std::min(out_.step, piece.step);
  }

  // A place that belongs to a step is not read, so that what it holds is not known.
  bool touches_what_is_programmed() const {
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (dirty_[i] && (!blank(part(held_, i)) || unread(i))) return true;
    }
    return false;
  }

  bool unread(std::size_t granule) const {
    const std::uint32_t begin = out_.range.begin + static_cast<std::uint32_t>(granule * flash_granule);
    const Range bytes{begin, std::min(begin + flash_granule, out_.range.end)};
    return std::ranges::any_of(layout_.steps,
                               [&](const Step& step) { return step.place && step.place->overlaps(bytes); });
  }

  void collect_writes(std::uint32_t join) {
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (!dirty_[i]) continue;
      const std::uint32_t begin = out_.range.begin + static_cast<std::uint32_t>(i * flash_granule);
      const std::uint32_t end = std::min(begin + flash_granule, out_.range.end);
      auto& writes = out_.writes;
      const bool near = !writes.empty() && begin - writes.back().end < std::max(join, 1u);
      near ? void(writes.back().end = end) : writes.push_back({begin, end});
    }
  }

  const Layout& layout_;
  const SurveyResult& survey_;
  SharedSector out_;
  Bytes held_;               // pieces that differ count as blank: those are erased or are blank
  std::vector<bool> dirty_;  // by units of `flash_granule`: must be programmed
  std::vector<Range> pieces_;
};

}  // namespace

std::vector<SharedSector> shared_sectors(const Layout& layout, const SurveyResult& survey, bool rewrite,
                                         std::uint32_t join) {
  std::vector<SharedSector> sectors;
  for (const Sector& one : layout.shared) {
    Shared shared(layout, survey, one, rewrite);
    if (shared.changes()) sectors.push_back(shared.take(join));
  }
  return sectors;
}

}  // namespace dfu
