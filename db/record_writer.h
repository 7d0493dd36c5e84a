// Puts records into their tables, with the recipe, image and unit rows that a record is the first to name. Knows no
// transactions: Store wraps it. Inside db only; used by the writer's thread.
#pragma once

#include "db/row_writer.h"
#include "db/unsettled.h"
#include "db/values.h"

namespace db {

class RecordWriter {
 public:
  RecordWriter(SQLite::Database& database, std::int64_t chain, Head head, const Uuid& run, UuidGenerator& uuids);

  void write(const VisitStarted& visit);
  void write(const AttemptStarted& attempt);
  void write(const AttemptFinished& attempt);
  void write(const VisitEnded& visit);
  void write(const Event& event);
  void write(const JobOpened& job);
  void write(const JobClosed& job);
  void write(const Disposition& disposition);
  void write(const Labelled& label);

  void write_station(Time at, const Uuid& installation, const std::string& name);
  void write_run(const Run& run);
  void write_key(Time at, const std::string& public_key);

  const Head& head() const { return head_; }
  void rewind(const Head& head) { head_ = head; }

 private:
  Uuid image_id(const Image& image, Time at);
  Uuid recipe_id(const Recipe& recipe, Time at);
  void know_unit(const std::string& unit, const Uuid& attempt);
  void write_step(const Uuid& attempt, std::int64_t number, const Step& step, Time at);
  void insert(RowWriter& row) { row.insert(chain_, head_); }

  std::int64_t chain_;
  Head head_;
  Uuid run_;
  UuidGenerator& uuids_;
  RowWriter station_, runs_, image_, recipe_, visit_, started_, unit_, step_, finished_, ended_, key_, event_, job_,
      job_closed_, disposition_, label_;
  UnsettledTable unsettled_;
  SQLite::Statement find_image_, find_recipe_, find_unit_;
};

}  // namespace db
