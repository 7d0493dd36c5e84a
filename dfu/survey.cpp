#include "dfu/survey.h"

#include <algorithm>
#include <utility>

#include "dfu/particle/boot_prediction.h"

namespace dfu {

namespace {

const AltSetting* own_setting(const UnitInfo& unit, const Profile& profile) {
  for (const AltSetting& alternate : unit.configuration.alternates) {
    if (alternate.interface_number == profile.interface_number && alternate.alternate == profile.alternate &&
        alternate.is_dfu()) {
      return &alternate;
    }
  }
  return nullptr;
}

std::vector<AltSetting> settings_of(const UnitInfo& unit, const Profile& profile) {
  std::vector<AltSetting> settings = unit.configuration.alternates;
  std::erase_if(settings, [&](const AltSetting& one) {
    return one.interface_number != profile.interface_number || !one.is_dfu();
  });
  return settings;
}

// What people call the setting: of DfuSe the part before the addresses.
std::string short_name(std::string_view name) {
  if (name.starts_with('@')) name = name.substr(1, name.find('/') - 1);
  while (name.starts_with(' ')) name.remove_prefix(1);
  while (name.ends_with(' ')) name.remove_suffix(1);
  return std::string(name);
}

bool shows_store(const UnitInfo& unit, const Profile& profile) {
  return !profile.store_map.empty() &&
         std::ranges::any_of(unit.configuration.alternates, [&](const AltSetting& alternate) {
           return alternate.interface_number == profile.interface_number &&
                  alternate.alternate == profile.store_alternate && alternate.is_dfu();
         });
}

}  // namespace

std::uint8_t alternate_of(const Step& step, const Profile& profile, const std::vector<std::uint8_t>& found) {
  if (step.does == Step::Does::patch) return profile.store_alternate;
  if (step.memory == 0) return profile.alternate;
  const std::size_t index = step.memory - 1;
  return index < found.size() ? found[index] : profile.memories.at(index).alternate.value_or(0);
}

Survey::Survey(const Profile& profile, const Layout& layout, const UnitInfo& unit, bool read_pieces, BytesAt to_restore)
    : profile_(&profile),
      layout_(&layout),
      settings_(settings_of(unit, profile)),
      read_pieces_(read_pieces),
      recovery_(profile),
      pointer_(std::max<std::uint16_t>(transfer_size_of(unit, profile), 1), names_transfer_size(unit)),
      selected_(profile.alternate) {
  if (const AltSetting* alternate = own_setting(unit, profile)) name_index_ = alternate->name_index;
  result_.transfer_size = transfer_size_of(unit, profile);
  result_.counts_in_it = names_transfer_size(unit);
  speaks_dfuse_ = unit.configuration.functional && unit.configuration.functional->dfuse();
  result_.tolerant = unit.configuration.functional && unit.configuration.functional->manifestation_tolerant;
  result_.has_store = shows_store(unit, profile);
  result_.can_upload = unit.configuration.functional && unit.configuration.functional->can_upload;
  result_.kept.resize(layout.kept.size());
  result_.to_restore = std::move(to_restore);
}

Ask Survey::begin(Duration now) {
  if (result_.transfer_size == 0) {
    return stop(FaultCode::map_mismatch,
                "The unit's descriptors name no transfer size: it is not a usable DFU device.");
  }
  // To such a unit the first block of an image would be a command, perhaps to erase everything.
  if (speaks_dfuse_ && profile_->dialect == Dialect::dfu11) {
    return stop(FaultCode::map_mismatch,
                "This unit speaks DfuSe, and the recipe is for units of plain DFU. Nothing was written. Remove dialect "
                "= \"dfu11\" from [device], and add the name of the unit's alternate setting: map = \"@...\".");
  }
  return recovery_.begin(now);
}

Ask Survey::stop(FaultCode code, std::string text) {
  fault_ = Fault{code, {}, OperationKind::survey, {}, {}, std::move(text)};
  return Finished{};
}

Ask Survey::answer(const Answer& answer, Duration now) {
  if (doing_ == Doing::recovering) {
    const Ask next = recovery_.answer(answer, now);
    if (!std::holds_alternative<Finished>(next)) return next;
    fault_ = recovery_.fault();
    if (fault_) return Finished{};
    if (profile_->dialect == Dialect::dfuse) return name_the_map(now);
    result_.map = parse_memory_map(profile_->map).value();
    result_.device_time = wire_time(6);
    return name_memories(now);
  }
  const Ask next = exchange_->answer(answer, now);
  if (!std::holds_alternative<Finished>(next)) return next;
  if (doing_ == Doing::reading) return operation_done(now);
  return doing_ == Doing::naming ? take_the_map(now) : take_memory(now);
}

Ask Survey::name_the_map(Duration now) {
  doing_ = Doing::naming;
  exchange_ = Exchange::read_string(*profile_, name_index_);
  return exchange_->begin(now);
}

Ask Survey::take_the_map(Duration now) {
  if (exchange_->failure()) {
    fault_ = fault_of(*exchange_->failure(), OperationKind::survey, "reading the unit's memory map");
    return Finished{};
  }
  const std::string name = parse_string_descriptor(exchange_->data());
  std::string problem;
  const auto map = parse_memory_map(name, &problem);
  if (!map) {
    return stop(FaultCode::map_mismatch,
                "The unit's memory map \"" + name + "\" " + problem +
                    ". Nothing was written. If units of this kind speak plain DFU: dialect = \"dfu11\" in [device].");
  }
  result_.map = *map;
  result_.device_time = wire_time(6) + wire_time(255);
  return name_memories(now);
}

// One memory after the other: the name of the setting that has its number, or of each until one is called so.
Ask Survey::name_memories(Duration now) {
  doing_ = Doing::naming_memories;
  while (result_.beside.size() < profile_->memories.size()) {
    const Profile::Memory& memory = profile_->memories[result_.beside.size()];
    if (profile_->dialect == Dialect::dfu11 && memory.alternate) {
      found_memory(*memory.alternate, parse_memory_map(memory.map).value());
      continue;
    }
    const auto may_be = [&](const AltSetting& one) { return !memory.alternate || one.alternate == *memory.alternate; };
    while (candidate_ < settings_.size() && !may_be(settings_[candidate_])) ++candidate_;
    if (candidate_ == settings_.size()) return no_such_memory();
    exchange_ = Exchange::read_string(*profile_, settings_[candidate_].name_index);
    return exchange_->begin(now);
  }
  return begin_reading(now);
}

void Survey::found_memory(std::uint8_t alternate, MemoryMap map) {
  result_.beside.push_back(std::move(map));
  result_.alternates.push_back(alternate);
  candidate_ = 0;
  names_.clear();
}

Ask Survey::take_memory(Duration now) {
  const Profile::Memory& memory = profile_->memories[result_.beside.size()];
  const AltSetting& setting = settings_[candidate_++];
  // A setting without a name is not the one that is looked for by name.
  if (exchange_->failure() && memory.alternate) {
    fault_ = fault_of(*exchange_->failure(), OperationKind::survey, "reading the map of another memory of the unit");
    return Finished{};
  }
  result_.device_time += wire_time(255);
  const std::string name = exchange_->failure() ? std::string() : parse_string_descriptor(exchange_->data());
  names_ += (names_.empty() ? "" : ", ") + std::to_string(setting.alternate) + " \"" + name + "\"";
  if (!memory.alternate && short_name(name) != memory.name) return name_memories(now);
  std::string problem;
  auto map = parse_memory_map(profile_->dialect == Dialect::dfu11 ? memory.map : name, &problem);
  if (!map) {
    return stop(FaultCode::map_mismatch, "The memory map of the unit's alternate setting " +
                                             std::to_string(setting.alternate) + " \"" + name + "\" " + problem + ".");
  }
  found_memory(setting.alternate, *std::move(map));
  return name_memories(now);
}

Ask Survey::no_such_memory() {
  const Profile::Memory& memory = profile_->memories[result_.beside.size()];
  const std::string which =
      memory.alternate ? std::to_string(*memory.alternate) : "with the name \"" + memory.name + "\"";
  return stop(FaultCode::map_mismatch, "The unit has no alternate setting " + which +
                                           (names_.empty() ? "" : ", only " + names_) +
                                           ". Compare 'alt' in the recipe with the names of its alternate settings.");
}

// Plain DFU is not read: even a unit that holds the right bytes starts no firmware before it was told that the image is
// complete. Only a whole download with its manifestation does that, so no piece there ever counts as unchanged.
Ask Survey::begin_reading(Duration now) {
  const bool plain = profile_->dialect == Dialect::dfu11;
  const bool fits = !misfit(*layout_, result_.map, result_.beside);
  if (plain || !result_.can_upload || !fits) {
    result_.pieces.assign(layout_->pieces.size(), Holds::other);
    return Finished{};
  }
  if (profile_->platform) {
    for (const particle::ModulePlace& place : particle::places(*profile_->platform)) {
      heads_.push_back({place.address, place.address + particle::place_bytes});
    }
  }
  doing_ = Doing::reading;
  next_ = layout_->pieces.front().data.begin;
  return read_on(now);
}

// The next operation that reading needs: the next block, or the way to it.
Ask Survey::read_on(Duration now) {
  if (reading_heads()) {
    const Range head = heads_[result_.heads.size()];
    return read_block(0, head.begin, head.size(), now);
  }
  if (reading_neighbours()) return read_neighbours(now);
  const std::size_t index = result_.pieces.size();
  const Piece& piece = layout_->pieces[index];
  const bool store = layout_->steps[piece.step].does == Step::Does::patch;
  const bool unread = !read_pieces_ && layout_->steps[piece.step].does != Step::Does::hold;
  // A unit without the store has nothing there. The judge refuses it (config/judge.h).
  if (unread || (store && !result_.has_store)) {
    next_piece(Holds::other);
    return read_on(now);
  }
  if (auto ask = select(alternate_of(layout_->steps[piece.step], *profile_, result_.alternates), piece.step, now)) {
    return *ask;
  }
  return read_block(piece.step, next_, std::min(pointer_.chunk(), piece.data.end - next_), now);
}

// Its sector will change, or was changed by an attempt that did not come to its end.
bool Survey::wants_neighbour(const Neighbour& one) const {
  if (!one.sector.readable) return false;  // the judge refuses that
  for (const auto& [begin, bytes] : result_.to_restore) {
    if (one.data.overlaps({begin, begin + static_cast<std::uint32_t>(bytes.size())})) return true;
  }
  for (std::size_t i = 0; i < layout_->pieces.size(); ++i) {
    const Piece& piece = layout_->pieces[i];
    const bool writes = layout_->steps[piece.step].does == Step::Does::write;
    if (writes && piece.sector == one.sector && result_.pieces[i] != Holds::same) return true;
  }
  return false;
}

Ask Survey::read_neighbours(Duration now) {
  for (; neighbour_ < layout_->kept.size(); ++neighbour_) {
    const Neighbour& one = layout_->kept[neighbour_];
    if (!result_.kept[neighbour_].empty() || !wants_neighbour(one)) continue;
    const std::uint8_t alternate = alternate_of(layout_->steps[one.step], *profile_, result_.alternates);
    if (auto ask = select(alternate, one.step, now)) return *ask;
    const auto read = static_cast<std::uint32_t>(words_.size());
    return read_block(one.step, one.words().begin + read, std::min(pointer_.chunk(), one.words().size() - read), now);
  }
  if (auto ask = select(profile_->alternate, layout_->steps.size() - 1, now)) return *ask;
  if (idle_) return Finished{};
  return run({Operation::Kind::to_idle, layout_->steps.size() - 1, layout_->steps.back().address, 0, 0, {}}, now);
}

// Nothing if it is selected already.
std::optional<Ask> Survey::select(std::uint8_t alternate, std::size_t step, Duration now) {
  if (alternate == selected_) return {};
  if (!idle_) return run({Operation::Kind::to_idle, step, 0, 0, 0, {}}, now);
  selected_ = alternate;
  return run({Operation::Kind::select, step, 0, 0, alternate, {}}, now);
}

Ask Survey::read_block(std::size_t step, std::uint32_t address, std::uint32_t length, Duration now) {
  Operation operation{Operation::Kind::read, step, address, length, 0, {}};
  operation.shared = reading_neighbours();
  if (const auto block = pointer_.block_at(address)) {
    operation.block = *block;
    return run(operation, now);
  }
  operation.kind = idle_ ? Operation::Kind::set_address : Operation::Kind::to_idle;
  operation.length = 0;
  return run(operation, now);
}

Ask Survey::run(Operation operation, Duration now) {
  // After SET_ADDRESS the unit is in dfuDNLOAD-IDLE, and uploads need dfuIDLE (docs/devices.md, "DfuSe blocks and
  // addresses").
  if (operation.kind == Operation::Kind::read && operation_.kind == Operation::Kind::set_address) {
    operation.kind = Operation::Kind::to_idle;
  }
  operation.device_time = device_time_of(operation.kind, operation.length, *profile_);
  operation_ = operation;
  exchange_ = exchange_for(operation_, *profile_, {});
  return exchange_->begin(now);
}

Ask Survey::operation_done(Duration now) {
  if (exchange_->failure()) {
    fault_ = reading_heads() ? fault_of(*exchange_->failure(), OperationKind::survey,
                                        "reading what the unit holds at " + hex_address(operation_.address))
                             : fault_of(*exchange_->failure(), operation_, *layout_);
    fault_->operation = OperationKind::survey;
    return Finished{};
  }
  result_.device_time += operation_.device_time;
  switch (operation_.kind) {
    case Operation::Kind::set_address:
      pointer_.set(operation_.address);
      break;
    case Operation::Kind::to_idle:
      idle_ = true;
      break;
    case Operation::Kind::select:
      pointer_.lose();
      break;
    case Operation::Kind::read:
      idle_ = false;
      result_.read_bytes += exchange_->data().size();
      break;
    case Operation::Kind::erase:
    case Operation::Kind::write:
    case Operation::Kind::leave:
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
    case Operation::Kind::reset:
      break;  // a survey does not
  }
  if (operation_.kind != Operation::Kind::read) return read_on(now);
  const ByteView read = read_by(operation_, *exchange_);
  if (read.size() != operation_.length) return too_short();
  return take(read, now);
}

// A short answer is a fault: it must not count as a module that is missing or as other bytes.
Ask Survey::too_short() {
  if (reading_heads()) {
    return stop(FaultCode::device_error, "Reading what the unit holds at " + hex_address(operation_.address) +
                                             " gave " + std::to_string(exchange_->data().size()) +
                                             " bytes instead of " + std::to_string(operation_.length) + ".");
  }
  fault_ = mismatch(operation_, exchange_->data(), Bytes(operation_.length), *layout_);
  fault_->operation = OperationKind::survey;
  return Finished{};
}

Ask Survey::take(ByteView read, Duration now) {
  if (reading_neighbours()) return take_neighbour(read, now);
  if (reading_heads()) {
    result_.heads.push_back(Bytes(read.begin(), read.end()));
  } else {
    compare(read);
  }
  return read_on(now);
}

// What is read here is written back and then compared with itself, so that no later check finds a byte that was read
// wrong. Therefore it is read twice.
Ask Survey::take_neighbour(ByteView read, Duration now) {
  const Neighbour& one = layout_->kept[neighbour_];
  words_.insert(words_.end(), read.begin(), read.end());
  if (words_.size() < one.words().size()) return read_on(now);
  if (first_words_.empty()) {
    first_words_ = std::exchange(words_, {});
    return read_on(now);
  }
  const auto [differs, found] = std::ranges::mismatch(first_words_, words_);
  if (differs != first_words_.end()) {
    const auto at = static_cast<std::uint32_t>(differs - first_words_.begin());
    return neighbour_differs(one.step, one.words().begin + at);
  }
  first_words_.clear();
  const auto begin = words_.begin() + (one.data.begin - one.words().begin);
  result_.kept[neighbour_] = Bytes(begin, begin + one.data.size());
  words_.clear();
  return read_on(now);
}

Ask Survey::neighbour_differs(std::size_t step, std::uint32_t address) {
  stop(FaultCode::verify_mismatch,
       "The bytes beside those of this step must be kept, so they were read twice. The two reads differ at " +
           hex_address(address) + ". Nothing was written. Check cable and plug.");
  fault_->step = layout_->steps[step].name;
  fault_->address = address;
  return Finished{};
}

void Survey::compare(ByteView read) {
  const ByteView wanted = bytes_of(operation_, *layout_, {});
  same_ = same_ && std::equal(read.begin(), read.end(), wanted.begin(), wanted.end());
  blank_ = blank_ && std::all_of(read.begin(), read.end(), [](std::uint8_t byte) { return byte == 0xFF; });
  next_ += operation_.length;
  if (!same_ && !blank_) {
    next_piece(Holds::other);
  } else if (next_ == layout_->pieces[result_.pieces.size()].data.end) {
    next_piece(same_ ? Holds::same : Holds::blank);
  }
}

void Survey::next_piece(Holds holds) {
  result_.pieces.push_back(holds);
  same_ = blank_ = true;
  if (result_.pieces.size() < layout_->pieces.size()) next_ = layout_->pieces[result_.pieces.size()].data.begin;
}

}  // namespace dfu
