#include "config/sector_remarks.h"

#include <algorithm>

namespace config {

namespace {

class Remarks : private StepReport {
 public:
  Remarks(const dfu::Layout& layout, const std::vector<Placed>& placed, Report& report)
      : StepReport(report), layout_(layout), placed_(placed) {}

  // No mistake, but one that surprises: an image that has not changed is written again with the one that has.
  void tell_shared_sectors() {
    const auto& pieces = layout_.pieces;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const StepDraft& mine = *placed_[pieces[i].step].draft;
      const auto shared = std::find_if(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(i), [&](auto& one) {
        return one.step != pieces[i].step && one.sector == pieces[i].sector;
      });
      const bool images = mine.image && placed_[pieces[i].step].is_image();
      if (!images || shared == pieces.begin() + static_cast<std::ptrdiff_t>(i)) continue;
      const StepDraft& other = *placed_[shared->step].draft;
      if (!other.image || !placed_[shared->step].is_image()) continue;
      warning(mine, *mine.image,
              "'" + mine.image->value + "' shares the sector at " + dfu::hex_address(pieces[i].sector.range.begin) +
                  " with '" + other.image->value + "' (line " + std::to_string(other.place.line) + ")",
              "When one of the two images changes, the station erases and writes both. To avoid that, put each in its "
              "own sector.");
    }
  }

  // The recipe must say that bytes beside a step may be lost.
  void tell_neighbours() {
    for (const dfu::Neighbour& one : layout_.kept) {
      if (one.sector.readable) continue;
      const StepDraft& draft = *placed_[one.step].draft;
      error(draft, *draft.image,
            "'" + draft.image->value + "' shares the sector at " + dfu::hex_address(one.sector.range.begin) + " with " +
                span(one.data) +
                ", which belong to no step. This memory cannot be read, so the station cannot keep them",
            "Add to this step: neighbours = \"erase\", if they may be lost.");
    }
    for (std::size_t i = 0; i < placed_.size(); ++i) tell_given_up(i, *placed_[i].draft);
  }

  // Only where the recipe says so itself: a slot is no neighbour, and `keep` is the default.
  void tell_given_up(std::size_t step, const StepDraft& draft) {
    if (!draft.neighbours) return;
    std::string lost;
    std::uint32_t bytes = 0;
    for (const dfu::Neighbour& one : layout_.given_up) {
      if (one.step != step) continue;
      lost += (lost.empty() ? "" : ", ") + dfu::hex_address(one.data.begin) + " to " + dfu::hex_address(one.data.end);
      bytes += one.data.size();
    }
    if (lost.empty()) return;
    warning(draft, *draft.neighbours,
            std::to_string(bytes) + " bytes that belong to no step are lost when their sector is erased: " + lost,
            "With neighbours = \"keep\" they are written back.");
  }

  static std::string span(dfu::Range range) {
    return "the bytes from " + dfu::hex_address(range.begin) + " to " + dfu::hex_address(range.end);
  }

 private:
  const dfu::Layout& layout_;
  const std::vector<Placed>& placed_;
};

class Targets : private StepReport {
 public:
  Targets(const std::vector<Placed>& placed, Report& report) : StepReport(report), placed_(placed) {}

  // What nobody expects in a file, and is none of its parts.
  void tell_remarks() {
    for (const Placed& one : placed_) {
      for (const std::string& remark : one.step.image->facts.remarks) {
        warning(*one.draft, *one.draft->image, "'" + one.file() + "' " + remark,
                "If that is not meant, fetch or build the file again.");
      }
    }
  }

  // dfu-util flashes one part of such a file and says nothing of the others.
  void tell_targets() {
    std::vector<std::pair<dfu::Sha256, std::uint8_t>> known;
    for (const Placed& one : placed_) {
      const dfu::Image& image = *one.step.image;
      if (image.facts.alternate) known.emplace_back(image.sha256, *image.facts.alternate);
    }
    for (const Placed& one : placed_) {
      for (const std::uint8_t target : one.step.image->facts.targets) {
        const std::pair part(one.step.image->sha256, target);
        if (std::ranges::count(known, part) != 0) continue;
        known.push_back(part);
        warning(*one.draft, *one.draft->image,
                "'" + one.file() + "' has a part for alternate setting " + std::to_string(target) +
                    " too, and no step flashes it",
                "Add a [[step]] with the same image and alt = " + std::to_string(target) +
                    ", unless this part must not be flashed.");
      }
    }
  }

 private:
  const std::vector<Placed>& placed_;
};

}  // namespace

void check_sectors(const dfu::Layout& layout, const std::vector<Placed>& placed, Report& report) {
  Remarks remarks(layout, placed, report);
  remarks.tell_shared_sectors();
  remarks.tell_neighbours();
}

void check_targets(const std::vector<Placed>& placed, Report& report) {
  Targets targets(placed, report);
  targets.tell_targets();
  targets.tell_remarks();
}

}  // namespace config
