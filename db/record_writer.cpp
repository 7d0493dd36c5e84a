#include "db/record_writer.h"

#include <algorithm>

#include "db/error.h"
#include "db/text_list.h"

namespace db {

namespace {

void bind_blob(SQLite::Statement& statement, int position, std::span<const std::uint8_t> blob) {
  // A null pointer would be bound as NULL, not as a blob without bytes.
  statement.bind(position, blob.empty() ? "" : static_cast<const void*>(blob.data()), static_cast<int>(blob.size()));
}

std::optional<std::int64_t> count(const std::optional<milliseconds>& duration) {
  if (!duration) return std::nullopt;
  return duration->count();
}

std::optional<std::int64_t> number(const std::optional<bool>& fact) {
  if (!fact) return std::nullopt;
  return *fact ? 1 : 0;
}

// A query left on its row would hold back checkpoints: each is reset as soon as it has answered.
std::optional<Uuid> first_id(SQLite::Statement& query) {
  std::optional<Uuid> id;
  if (query.executeStep()) {
    id.emplace();
    std::copy_n(static_cast<const std::uint8_t*>(query.getColumn(0).getBlob()), id->bytes.size(), id->bytes.begin());
  }
  query.reset();
  return id;
}

}  // namespace

RecordWriter::RecordWriter(SQLite::Database& database, std::int64_t chain, Head head, const Uuid& run,
                           UuidGenerator& uuids)
    : chain_(chain),
      head_(head),
      run_(run),
      uuids_(uuids),
      station_(database, "station"),
      runs_(database, "run"),
      image_(database, "image"),
      recipe_(database, "recipe"),
      visit_(database, "visit"),
      started_(database, "attempt_started"),
      unit_(database, "unit"),
      step_(database, "step"),
      finished_(database, "attempt_finished"),
      ended_(database, "visit_ended"),
      key_(database, "station_key"),
      event_(database, "event"),
      job_(database, "job"),
      job_closed_(database, "job_closed"),
      disposition_(database, "disposition"),
      label_(database, "label"),
      unsettled_(database),
      find_image_(database, "SELECT id FROM image WHERE chain = ? AND sha256 = ? AND name = ?"),
      find_recipe_(database, "SELECT id FROM recipe WHERE chain = ? AND sha256 = ? AND images = ? AND file IS ?"),
      find_unit_(database, "SELECT 1 FROM unit WHERE chain = ? AND unit = ?") {}

void RecordWriter::write(const VisitStarted& visit) {
  insert(visit_.set("id", visit.visit)
             .set("run", run_)
             .set("at", visit.at)
             .set("port", visit.port)
             .set("slot", visit.slot));
}

void RecordWriter::write(const AttemptStarted& attempt) {
  if (!attempt.recipe) throw Error(Trouble::refused, "An attempt without a recipe cannot be recorded.");
  const Uuid recipe = recipe_id(*attempt.recipe, attempt.at);
  insert(started_.set("id", attempt.attempt)
             .set("visit", attempt.visit)
             .set("number", attempt.number)
             .set("at", attempt.at)
             .set("recipe", recipe)
             .set("job", attempt.job)
             .set("lot", attempt.lot)
             .set("operator", attempt.operator_name)
             .set("vendor", attempt.vendor)
             .set("product", attempt.product)
             .set("release", attempt.release)
             .set("serial", attempt.serial)
             .set("product_name", attempt.product_name));
  unsettled_.begin(attempt);
}

void RecordWriter::write(const AttemptFinished& attempt) {
  if (!attempt.unit.empty()) know_unit(attempt.unit, attempt.attempt);
  std::int64_t step_number = 0;
  for (const Step& step : attempt.steps) write_step(attempt.attempt, ++step_number, step, attempt.at);
  if (attempt.fault) {
    const Fault& fault = *attempt.fault;
    finished_.set("fault_code", fault.code)
        .set("fault_about", fault.about)
        .set("fault_step", fault.step)
        .set("fault_operation", fault.operation)
        .set("fault_address", fault.address)
        .set("fault_block", fault.block)
        .set("fault_text", fault.text);
  }
  insert(finished_.set("attempt", attempt.attempt)
             .set("at", attempt.at)
             .set("outcome", std::string(to_string(attempt.outcome)))
             .set("verified", number(attempt.verified))
             .set("booted", number(attempt.booted))
             .set("unit", attempt.unit)
             .set("serials", encode_text_list(attempt.serials))
             .set("flash_ms", count(attempt.flash))
             .set("return_ms", count(attempt.back))
             .set("floor_ms", count(attempt.device_time))
             .set("identity", attempt.identity));
  unsettled_.end(attempt);
}

void RecordWriter::write(const VisitEnded& visit) {
  insert(ended_.set("visit", visit.visit).set("at", visit.at));
}

void RecordWriter::write(const Event& event) {
  if (event.attempt) event_.set("attempt", *event.attempt);
  insert(event_.set("run", run_)
             .set("at", event.at)
             .set("kind", event.kind)
             .set("about", event.about)
             .set("text", event.text)
             .set("facts", event.facts));
}

void RecordWriter::write(const JobOpened& job) {
  if (job.recipe) job_.set("recipe_sha256", *job.recipe);
  if (job.until) job_.set("until", *job.until);
  insert(job_.set("at", job.at)
             .set("order_number", job.order)
             .set("product", job.product)
             .set("lot", job.lot)
             .set("recipe_name", job.recipe_name)
             .set("quantity", job.quantity)
             .set("count_already", number(job.count_already))
             .set("operator", job.operator_name));
}

void RecordWriter::write(const JobClosed& job) {
  insert(job_closed_.set("at", job.at)
             .set("order_number", job.order)
             .set("operator", job.operator_name)
             .set("reason", job.reason)
             .set("certificate", job.certificate));
}

void RecordWriter::write(const Disposition& disposition) {
  if (disposition.attempt) disposition_.set("attempt", *disposition.attempt);
  insert(disposition_.set("at", disposition.at)
             .set("unit", disposition.unit)
             .set("verdict", std::string(to_string(disposition.verdict)))
             .set("author", disposition.author)
             .set("reason", disposition.reason));
}

void RecordWriter::write(const Labelled& label) {
  insert(label_.set("at", label.at).set("visit", label.visit).set("label", label.label).set("author", label.author));
}

void RecordWriter::write_key(Time at, const std::string& public_key) {
  insert(key_.set("at", at).set("public_key", public_key));
}

void RecordWriter::write_station(Time at, const Uuid& installation, const std::string& name) {
  insert(station_.set("at", at).set("installation", installation).set("name", name));
}

void RecordWriter::write_run(const Run& run) {
  insert(runs_.set("id", run.id)
             .set("at", run.at)
             .set("command", run.command)
             .set("software", run.software)
             .set("host", run.host)
             .set("kernel", run.kernel)
             .set("libusb", run.libusb)
             .set("sqlite", run.sqlite)
             .set("operator", run.operator_name)
             .set("recipe_file", run.recipe_file));
}

Uuid RecordWriter::image_id(const Image& image, Time at) {
  find_image_.tryReset();
  find_image_.bind(1, chain_);
  bind_blob(find_image_, 2, image.sha256);
  find_image_.bind(3, image.name);
  if (const std::optional<Uuid> known = first_id(find_image_)) return *known;

  const Uuid id = uuids_.next(at);
  insert(image_.set("id", id)
             .set("sha256", image.sha256)
             .set("name", image.name)
             .set("size", image.size)
             .set("kind", image.kind)
             .set("platform", image.platform)
             .set("function", image.function)
             .set("module_index", image.module_index)
             .set("module_version", image.module_version)
             .set("start_address", image.start_address)
             .set("end_address", image.end_address)
             .set("dependencies", image.dependencies));
  return id;
}

Uuid RecordWriter::recipe_id(const Recipe& recipe, Time at) {
  std::vector<std::uint8_t> images;
  for (const std::shared_ptr<const Image>& image : recipe.images) {
    const Uuid id = image_id(*image, at);
    images.insert(images.end(), id.bytes.begin(), id.bytes.end());
  }
  find_recipe_.tryReset();
  find_recipe_.bind(1, chain_);
  bind_blob(find_recipe_, 2, recipe.sha256);
  bind_blob(find_recipe_, 3, images);
  recipe.file.empty() ? find_recipe_.bind(4) : find_recipe_.bind(4, recipe.file);
  if (const std::optional<Uuid> known = first_id(find_recipe_)) return *known;

  const Uuid id = uuids_.next(at);
  insert(recipe_.set("id", id)
             .set("sha256", recipe.sha256)
             .set("name", recipe.name)
             .set("revision", recipe.revision)
             .set("file", recipe.file)
             .set("images", images)
             .set("text", recipe.text));
  return id;
}

void RecordWriter::know_unit(const std::string& unit, const Uuid& attempt) {
  find_unit_.tryReset();
  find_unit_.bind(1, chain_);
  find_unit_.bind(2, unit);
  const bool known = find_unit_.executeStep();
  find_unit_.reset();
  if (known) return;
  insert(unit_.set("unit", unit).set("attempt", attempt));
}

void RecordWriter::write_step(const Uuid& attempt, std::int64_t step_number, const Step& step, Time at) {
  if (!step.image) throw Error(Trouble::refused, "A step without an image cannot be recorded.");
  const Uuid image = image_id(*step.image, at);
  step_.set("attempt", attempt).set("number", step_number).set("name", step.name).set("image", image);
  if (step.readback) step_.set("readback", *step.readback);
  if (step.alternate) step_.set("alternate", *step.alternate);
  insert(step_.set("address", step.address)
             .set("bytes", step.bytes)
             .set("written_bytes", step.written_bytes)
             .set("unchanged_bytes", step.unchanged_bytes)
             .set("erased_sectors", step.erased_sectors)
             .set("duration_ms", step.duration.count()));
}

}  // namespace db
