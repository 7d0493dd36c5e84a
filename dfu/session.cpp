#include "dfu/session.h"

#include <algorithm>

namespace dfu {

namespace {

// ST's ROM takes no block of one byte (docs/devices.md, "DfuSe blocks and addresses"), and flash is written in words in
// any case. What is filled up with 0xFF stays as it is in flash. The store is another matter: there every byte that is
// sent takes the place of one.
Bytes filled_up(ByteView data, const Operation& write, const Layout& layout, const Profile& profile) {
  constexpr std::size_t least_block = 4;
  Bytes bytes(data.begin(), data.end());
  if (profile.dialect != Dialect::dfuse || bytes.size() >= least_block) return bytes;
  const bool flash = std::ranges::any_of(layout.pieces, [&](const Piece& piece) {
    return piece.step == write.step && piece.data.contains(write.address) && piece.sector.erasable &&
           layout.steps[piece.step].does == Step::Does::write;
  });
  if (flash) bytes.resize(least_block, 0xFF);
  return bytes;
}

}  // namespace

Session::Session(const Profile& profile, const Layout& layout, Plan plan)
    : profile_(&profile),
      layout_(&layout),
      plan_(std::move(plan)),
      selected_(profile.alternate),
      steps_(layout.steps.size()) {
  if (plan_.writes()) return;
  for (std::size_t i = 0; i < plan_.pieces.size(); ++i) {
    if (plan_.pieces[i] == Holds::same) steps_[layout.pieces[i].step].verified_bytes += layout.pieces[i].data.size();
  }
}

Ask Session::begin(Duration now) {
  return run(now);
}

Ask Session::run(Duration now) {
  const Operation& next = operation();
  const bool leaving = next.kind == Operation::Kind::leave || next.kind == Operation::Kind::reset;
  if (stop_ && !leaving) {
    fault_ = fault_of({Exchange::Failure::Why::cancelled, {}}, next, *layout_);
    fault_->text = "Stopped before " + layout_->steps[next.step].name + " was complete.";
    return Finished{};
  }
  exchange_.reset();
  if (next.kind == Operation::Kind::reset) return Reset{};
  const bool write = next.kind == Operation::Kind::write;
  if (next.kind == Operation::Kind::erase) erased_.insert(next.address);
  Bytes bytes;
  if (write) bytes = filled_up(bytes_of(next, *layout_, plan_.sectors), next, *layout_, *profile_);
  exchange_ = exchange_for(next, *profile_, bytes);
  return exchange_->begin(now);
}

Ask Session::answer(const Answer& answer, Duration now) {
  // Whatever came of a reset proves nothing: the unit comes back, or it does not.
  if (!exchange_) return operation_done(now);
  const Ask next = exchange_->answer(answer, now);
  return std::holds_alternative<Finished>(next) ? operation_done(now) : next;
}

Ask Session::operation_done(Duration now) {
  const Operation& done = operation();
  if (exchange_ && exchange_->failure()) {
    fault_ = fault_of(*exchange_->failure(), done, *layout_);
    name_likely_cause(done);
    return Finished{};
  }
  device_time_ += done.device_time;
  if (done.kind == Operation::Kind::read) {
    fault_ = mismatch(done, read_by(done, *exchange_), bytes_of(done, *layout_, plan_.sectors), *layout_);
    if (fault_) return Finished{};
  }
  tally();
  if (next_ + 1 == plan_.operations.size()) return Finished{};
  ++next_;
  return run(now);
}

// Zephyr's older DFU takes images for its second slot only, and refuses the first block for any other
// (docs/devices.md, "Zephyr, MCUboot and TinyUSB").
void Session::name_likely_cause(const Operation& failed) {
  const bool first_block = failed.kind == Operation::Kind::write && failed.block == 0;
  if (profile_->dialect != Dialect::dfu11 || !first_block || fault_->code != FaultCode::write_failed) return;
  fault_->text += " It took no byte of it: alternate setting " + std::to_string(selected_) +
                  " is perhaps the slot that its program runs from. Compare 'alt' in the recipe with the names of the "
                  "unit's alternate settings.";
}

void Session::tally() {
  const Operation& done = operation();
  StepTally& step = steps_[done.step];
  switch (done.kind) {
    case Operation::Kind::erase:
      ++step.erased_sectors;
      break;
    case Operation::Kind::write:
      for (const Share& share : shares_of(done, *layout_)) steps_[share.step].written_bytes += share.bytes;
      break;
    case Operation::Kind::select:
      selected_ = static_cast<std::uint8_t>(done.block);
      break;
    case Operation::Kind::read:
      done.shared ? tally_neighbours(done) : void(step.verified_bytes += done.length);
      break;
    case Operation::Kind::set_address:
    case Operation::Kind::to_idle:
    case Operation::Kind::leave:
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
    case Operation::Kind::reset:
      break;
  }
}

void Session::tally_neighbours(const Operation& read) {
  const std::uint32_t sector = std::prev(plan_.sectors.upper_bound(read.address))->first;
  std::uint32_t all = 0;
  for (const Neighbour& one : layout_->kept) {
    if (one.sector.range.begin == sector) all += one.words().size();
  }
  if ((read_back_[sector] += read.length) < all) return;
  restored_.insert(sector);
}

BytesAt Session::at_risk() const {
  std::set<std::uint32_t> sectors;
  for (const std::uint32_t sector : erased_) {
    if (plan_.sectors.contains(sector) && !restored_.contains(sector)) sectors.insert(sector);
  }
  return neighbours(sectors);
}

std::vector<Neighbour> Session::given_up() const {
  std::vector<Neighbour> out;
  for (const Neighbour& one : layout_->given_up) {
    if (erased_.contains(one.sector.range.begin)) out.push_back(one);
  }
  return out;
}

BytesAt Session::neighbours(const std::set<std::uint32_t>& sectors) const {
  BytesAt out;
  for (const Neighbour& one : layout_->kept) {
    if (!sectors.contains(one.sector.range.begin)) continue;
    const ByteView content = ByteView(plan_.sectors.at(one.sector.range.begin))
                                 .subspan(one.data.begin - one.sector.range.begin, one.data.size());
    const bool blank = std::ranges::all_of(content, [](std::uint8_t byte) { return byte == 0xFF; });
    if (!blank) out[one.data.begin] = Bytes(content.begin(), content.end());
  }
  return out;
}

}  // namespace dfu
