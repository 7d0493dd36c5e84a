// What one unit holds now, as far as the recipe needs to know: read over DFU, compared piece by piece.
#pragma once

#include <optional>
#include <vector>

#include "dfu/fault.h"
#include "dfu/fit.h"
#include "dfu/layout.h"
#include "dfu/operation.h"
#include "dfu/profile.h"
#include "dfu/recovery.h"

namespace dfu {

enum class Holds {
  same,   // the piece's bytes are there already
  blank,  // they read as 0xFF: may be programmed without an erase
  other,
};

struct SurveyResult {
  MemoryMap map;  // as the unit's alternate setting names it
  // Likewise of Profile::memories, and their alternate settings.
  std::vector<MemoryMap> beside{};
  std::vector<std::uint8_t> alternates{};
  std::uint16_t transfer_size = 0;  // wTransferSize
  bool counts_in_it = true;  // false: the recipe names that size, and the size by which the unit counts is not known
  bool can_upload = false;
  bool tolerant = false;      // plain DFU: it can be read after manifestation
  bool has_store = false;     // it shows the profile's store beside its flash
  std::vector<Holds> pieces;  // as Layout::pieces
  // The first bytes of each of particle::places(), of units that have such; empty if nothing could be read.
  std::vector<Bytes> heads{};
  // Of Layout::kept, those whose sector will change; empty: not read.
  std::vector<Bytes> kept{};
  // Bytes of neighbours that an earlier attempt erased in this unit and did not write back.
  BytesAt to_restore{};
  Duration device_time{};  // the unit's own time for what the survey did
  std::uint64_t read_bytes = 0;
};

// The alternate setting of a step's memory; `found`: SurveyResult::alternates, empty before there is a unit.
std::uint8_t alternate_of(const Step& step, const Profile& profile, const std::vector<std::uint8_t>& found);

// The conversation. REQUIRES: the unit is open on the profile's alternate setting, and `profile` is the one of
// for_unit(); profile and layout outlive it.
// Brings the unit to dfuIDLE, reads its maps, the headers of its modules, then the pieces, and last the neighbours of
// what is not the same. In the end the profile's own alternate setting is selected, whatever others were. A piece is
// read no further than to the block that shows it is neither the same nor blank. A unit of plain DFU has no map to
// read, and its pieces all count as `other`.
class Survey {
 public:
  // `read_pieces` false: nothing is read and every piece counts as `other` (a recipe that rewrites what is unchanged),
  // except what the unit must hold.
  // `to_restore`: goes into the result; the neighbours that it is about are read in any case.
  Survey(const Profile& profile, const Layout& layout, const UnitInfo& unit, bool read_pieces, BytesAt to_restore = {});

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished: a fault, or the result.
  const std::optional<Fault>& fault() const { return fault_; }
  const SurveyResult& result() const { return result_; }
  // The step whose bytes are being read.
  std::size_t step() const { return operation_.step; }

 private:
  enum class Doing { recovering, naming, naming_memories, reading };

  Ask stop(FaultCode code, std::string text);
  Ask name_the_map(Duration now);
  Ask take_the_map(Duration now);
  Ask name_memories(Duration now);
  void found_memory(std::uint8_t alternate, MemoryMap map);
  Ask take_memory(Duration now);
  Ask no_such_memory();
  Ask begin_reading(Duration now);
  Ask read_block(std::size_t step, std::uint32_t address, std::uint32_t length, Duration now);
  std::optional<Ask> select(std::uint8_t alternate, std::size_t step, Duration now);
  bool reading_heads() const { return result_.heads.size() < heads_.size(); }
  Ask read_on(Duration now);
  bool reading_neighbours() const { return !reading_heads() && result_.pieces.size() == layout_->pieces.size(); }
  bool wants_neighbour(const Neighbour& one) const;
  Ask read_neighbours(Duration now);
  Ask too_short();
  Ask take(ByteView read, Duration now);
  Ask take_neighbour(ByteView read, Duration now);
  Ask neighbour_differs(std::size_t step, std::uint32_t address);
  Ask run(Operation operation, Duration now);
  Ask operation_done(Duration now);
  void compare(ByteView read);
  void next_piece(Holds holds);

  const Profile* profile_;
  const Layout* layout_;
  std::uint8_t name_index_ = 0;
  std::vector<AltSetting> settings_;  // of the unit's DFU interface
  std::size_t candidate_ = 0;         // the one of them whose name is being read, for a memory
  std::string names_;                 // that were read for it
  bool read_pieces_;
  Doing doing_ = Doing::recovering;
  Recovery recovery_;
  std::optional<Exchange> exchange_;
  Operation operation_;
  Pointer pointer_;
  bool idle_ = true;           // the unit is in dfuIDLE
  bool speaks_dfuse_ = false;  // by its descriptors
  std::uint8_t selected_;      // alternate setting
  std::vector<Range> heads_;   // what is read before the pieces
  std::uint32_t next_ = 0;
  std::size_t neighbour_ = 0;  // the one of Layout::kept that is being read
  Bytes words_;                // of it, so far
  Bytes first_words_;          // all of it, as read the first time
  bool same_ = true;
  bool blank_ = true;
  std::optional<Fault> fault_;
  SurveyResult result_;
};

}  // namespace dfu
