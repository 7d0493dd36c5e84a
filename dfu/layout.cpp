#include "dfu/layout.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

namespace dfu {

std::vector<Range> Step::ranges() const {
  if (!image->facts.ranges.empty()) return image->facts.ranges;
  return {{address, address + size()}};
}

ByteView Step::payload(Range bytes) const {
  std::uint32_t before = 0;
  for (const Range& range : ranges()) {
    if (range.contains(bytes)) {
      return image->payload().subspan(before + bytes.begin - range.begin, bytes.size());
    }
    before += range.size();
  }
  return {};
}

namespace {

std::string quoted(const std::string& name) {
  return '"' + name + '"';
}

std::string span_text(const Step& step) {
  return quoted(step.name) + " (" + std::to_string(step.image->payload().size()) + " bytes at " +
         hex_address(step.address) + ")";
}

std::optional<Misfit> misfit_in_itself(std::size_t index, const Step& step) {
  const std::size_t size = step.image->payload().size();
  if (size == 0) return Misfit{index, step.address, quoted(step.name) + " has no bytes to write."};
  if (size > 0xFFFFFFFFu - step.address) {
    return Misfit{index, 0xFFFFFFFFu, span_text(step) + " reaches past the end of the address space."};
  }
  return std::nullopt;
}

std::optional<Misfit> misfit_on_map(std::size_t index, const Step& step, Range range, const MemoryMap& map) {
  const Sector* sector = nullptr;
  for (std::uint32_t address = range.begin; address < range.end; address = sector->range.end) {
    sector = map.find(address);
    if (sector == nullptr) {
      return Misfit{index, address,
                    span_text(step) + " does not fit: the unit's memory map has nothing at " + hex_address(address) +
                        ". Check the address and the size of the image."};
    }
    const bool no_erase = step.does == Step::Does::patch || (step.does == Step::Does::write && map.is_store());
    if (!sector->writable || (!sector->erasable && !no_erase)) {
      return Misfit{index, address,
                    span_text(step) + " does not fit: the unit does not allow writing to the sector at " +
                        hex_address(sector->range.begin) + ". Check the address."};
    }
  }
  return std::nullopt;
}

bool in_store(const Step& step) {
  return step.does == Step::Does::patch;
}

std::optional<Misfit> misfit_with_earlier(std::size_t index, Range range, const std::vector<Step>& steps) {
  for (std::size_t other = 0; other < index; ++other) {
    if (in_store(steps[other]) != in_store(steps[index]) || steps[other].memory != steps[index].memory) continue;
    for (const Range& taken : steps[other].ranges()) {
      if (!range.overlaps(taken)) continue;
      const std::uint32_t address = std::max(range.begin, taken.begin);
      return Misfit{index, address,
                    span_text(steps[index]) + " and " + span_text(steps[other]) + " both use the bytes from " +
                        hex_address(address) + " on."};
    }
  }
  return std::nullopt;
}

// Writing goes by whole sectors: what is written, erased or left alone must not lie in one of another kind.
std::optional<Misfit> misfit_in_sectors(std::size_t index, const Layout& layout, const std::vector<Step>& steps) {
  for (const Piece& mine : layout.pieces) {
    if (mine.step != index || in_store(steps[index])) continue;
    for (const Piece& other : layout.pieces) {
      const bool shared = other.step != index && !in_store(steps[other.step]) && other.sector == mine.sector;
      if (!shared || steps[other.step].does == steps[index].does) continue;
      return Misfit{index, mine.data.begin,
                    span_text(steps[index]) + " and " + span_text(steps[other.step]) + " share the sector at " +
                        hex_address(mine.sector.range.begin) + ", which can only be erased as a whole."};
    }
  }
  return std::nullopt;
}

std::optional<Misfit> misfit_between_memories(std::size_t index, const Layout& layout, const std::vector<Step>& steps) {
  for (const Piece& mine : layout.pieces) {
    if (mine.step != index || in_store(steps[index])) continue;
    for (const Piece& other : layout.pieces) {
      const bool elsewhere = !in_store(steps[other.step]) && steps[other.step].memory != steps[index].memory;
      if (!elsewhere || !other.sector.range.overlaps(mine.sector.range)) continue;
      return Misfit{index, mine.data.begin,
                    span_text(steps[index]) + " and " + span_text(steps[other.step]) +
                        " go into different memories that have the same addresses. Flash them with two recipes."};
    }
  }
  return std::nullopt;
}

std::optional<Misfit> misfit_of_erase(std::size_t index, const Layout& layout, const std::vector<Step>& steps) {
  if (steps[index].does != Step::Does::erase) return std::nullopt;
  for (const Piece& piece : layout.pieces) {
    if (piece.step != index || piece.data == piece.sector.range) continue;
    return Misfit{index, piece.data.begin,
                  span_text(steps[index]) + " covers only a part of the sector from " +
                      hex_address(piece.sector.range.begin) + " to " + hex_address(piece.sector.range.end) +
                      ", and a sector is erased as a whole. Name all of it."};
  }
  return std::nullopt;
}

void append_pieces(std::size_t index, Range range, const MemoryMap& map, std::vector<Piece>& pieces) {
  for (const Sector& sector : map.covering(range)) {
    const Range data = {std::max(range.begin, sector.range.begin), std::min(range.end, sector.range.end)};
    pieces.push_back({index, sector, data});
  }
}

// What lies between `taken`, which are ascending.
std::vector<Range> gaps_in(Range sector, const std::vector<Range>& taken) {
  std::vector<Range> gaps;
  std::uint32_t at = sector.begin;
  for (const Range& range : taken) {
    if (range.begin > at) gaps.push_back({at, std::min(range.begin, sector.end)});
    at = std::max(at, range.end);
    if (at >= sector.end) return gaps;
  }
  gaps.push_back({at, sector.end});
  return gaps;
}

// If several steps share a sector, one that keeps its neighbours is enough.
void find_neighbours(Layout& layout) {
  std::map<std::uint32_t, std::vector<const Piece*>> sectors;
  for (const Piece& piece : layout.pieces) {
    const bool erased = piece.sector.erasable && layout.steps[piece.step].does == Step::Does::write;
    if (erased) sectors[piece.sector.range.begin].push_back(&piece);
  }
  for (const auto& [begin, pieces] : sectors) {
    std::vector<Range> taken;
    bool keep = false;
    for (const Piece* piece : pieces) {
      const Step& step = layout.steps[piece->step];
      taken.push_back(piece->data);
      if (step.place) taken.push_back(*step.place);
      keep = keep || step.neighbours == Step::Neighbours::keep;
    }
    std::ranges::sort(taken, {}, &Range::begin);
    const std::size_t first = (*std::ranges::min_element(pieces, {}, &Piece::step))->step;
    const Sector& sector = pieces.front()->sector;
    const std::vector<Range> gaps = gaps_in(sector.range, taken);
    for (const Range& gap : gaps) (keep ? layout.kept : layout.given_up).push_back({first, sector, gap});
    const auto uneven = [](const Range& one) { return one.begin % flash_granule != 0; };
    const bool meet = pieces.size() > 1 && std::ranges::any_of(std::span(taken).subspan(1), uneven);
    if (keep && (meet || !gaps.empty())) layout.shared.push_back(sector);
  }
}

}  // namespace

std::variant<Layout, Misfit> lay_out(std::vector<Step> steps, const MemoryMap& map, const MemoryMap& store,
                                     const std::vector<MemoryMap>& beside) {
  Layout layout;
  for (std::size_t index = 0; index < steps.size(); ++index) {
    const Step& step = steps[index];
    const MemoryMap& where = in_store(step) ? store : step.memory == 0 ? map : beside.at(step.memory - 1);
    if (auto misfit = misfit_in_itself(index, step)) return *misfit;
    for (const Range& range : step.ranges()) {
      if (auto misfit = misfit_on_map(index, step, range, where)) return *misfit;
      if (auto misfit = misfit_with_earlier(index, range, steps)) return *misfit;
      append_pieces(index, range, where, layout.pieces);
    }
    if (auto misfit = misfit_between_memories(index, layout, steps)) return *misfit;
    if (auto misfit = misfit_of_erase(index, layout, steps)) return *misfit;
    if (auto misfit = misfit_in_sectors(index, layout, steps)) return *misfit;
  }
  layout.steps = std::move(steps);
  find_neighbours(layout);
  return layout;
}

const Piece* misfit(const Layout& layout, const MemoryMap& map, const std::vector<MemoryMap>& beside) {
  const auto differs = [&](const Piece& piece) {
    const Step& step = layout.steps[piece.step];
    if (in_store(step)) return false;
    const MemoryMap& where = step.memory == 0 ? map : beside.at(step.memory - 1);
    const Sector* sector = where.find(piece.sector.range.begin);
    return !sector || *sector != piece.sector;
  };
  const auto found = std::ranges::find_if(layout.pieces, differs);
  return found == layout.pieces.end() ? nullptr : &*found;
}

std::size_t sectors_of(const Layout& layout, std::size_t step) {
  std::set<std::uint32_t> sectors;
  for (const Piece& piece : layout.pieces) {
    if (piece.step == step) sectors.insert(piece.sector.range.begin);
  }
  return sectors.size();
}

}  // namespace dfu
