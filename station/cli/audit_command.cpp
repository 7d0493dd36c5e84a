// `audit`: proves the record, gives back what it kept, and adds decisions about attempts and units.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "config/files.h"
#include "db/error.h"
#include "db/image_store.h"
#include "db/lookup.h"
#include "db/reader.h"
#include "db/signature.h"
#include "db/verify.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/cli/record_session.h"
#include "station/output/output.h"
#include "station/record/anchor_text.h"
#include "station/record/certificate.h"
#include "station/record/entry.h"
#include "station/record/signed_file.h"
#include "station/record/workbook.h"
#include "station/run/inputs.h"
#include "station/text.h"

namespace station {

namespace {

struct AuditOptions : RecordOptions {
  std::string against;  // file; empty: none
  std::string key;  // public key that signed `against`, or the excerpts, or a file with one; empty: the record's own
  bool images = false;  // also the files of the images
};

struct ImageOptions : RecordOptions {
  std::string image;   // name, or the first digits of its SHA-256
  std::string output;  // empty: standard output
};

struct AnchorOptions : RecordOptions {
  std::string output;  // empty: standard output, unsigned
};

struct DisposeOptions {
  RecordOptions record;
  std::string subject;  // attempt or unit
  db::Disposition disposition;
};

std::string remarks_of(const db::ChainVerification& chain) {
  std::string out;
  for (const db::Event& event : chain.remarks) {
    out += fmt::format("  note    {} {}: {}\n", utc(event.at), printable(event.kind), printable(event.text));
  }
  if (chain.more_remarks > 0) out += fmt::format("  note    {} more of these\n", chain.more_remarks);
  return out;
}

std::string as_text(const db::ChainVerification& chain) {
  std::string out =
      fmt::format("station {}, installation {}\n", printable(chain.station), db::to_string(chain.installation));
  out += fmt::format("  rows    {}\n  head    {} {}\n", grouped(static_cast<std::uint64_t>(chain.rows)), chain.last.seq,
                     db::hex(chain.last.hash));
  if (chain.start.seq > 0) {
    out +=
        fmt::format("  goes on after row {} {} of an archived database\n", chain.start.seq, db::hex(chain.start.hash));
  }
  for (const db::ExcerptVerification& excerpt : chain.excerpts) {
    out += fmt::format("  excerpt of order {}, made {} when the record had {} rows\n", printable(excerpt.says.order),
                       utc(excerpt.says.at), excerpt.says.head.seq);
  }
  if (!chain.excerpts.empty()) {
    out += fmt::format("  between {} rows are left out\n", grouped(static_cast<std::uint64_t>(chain.left_out)));
    if (chain.whole > 0) {
      out += fmt::format("  note    what is here up to row {} came with a merge: no signature stands for it\n",
                         chain.whole);
    }
  }
  out += remarks_of(chain);
  if (!chain.problem) {
    return out + (chain.excerpts.empty() ? "  chain   SOUND: every row is as it was written\n"
                                         : "  chain   SOUND: every row that is here is as it was written\n");
  }
  out += fmt::format("  chain   NOT SOUND at row {}: {}: {}\n", chain.problem->seq,
                     db::to_string(chain.problem->damage), printable(chain.problem->text));
  if (!chain.excerpts.empty()) {
    return out + fmt::format("  proven  of rows 1 to {}, those that are here\n", chain.proven.seq);
  }
  return out + fmt::format("  proven  rows {} to {} are as they were written\n", chain.start.seq + 1, chain.proven.seq);
}

// `start`, `last`: rows after and with which the anchor's chain begins and ends here. `excerpt`: it has gaps.
std::string as_text(const db::Anchor& anchor, db::AnchorCheck check, std::int64_t start, std::int64_t last,
                    bool excerpt) {
  const auto row = anchor.head.seq;
  switch (check) {
    case db::AnchorCheck::holds:
      if (excerpt) return fmt::format("  anchor  HOLDS: row {} is the one that the file vouches for\n", row);
      return fmt::format(
          "  anchor  HOLDS: rows {} to {} are those that the file vouches for{}{}\n", start + 1, row,
          start > 0 ? fmt::format("; rows 1 to {} are in the archived database, which must be verified too", start)
                    : "",
          last > row ? fmt::format("; for {} to {}, which came later, nothing does", row + 1, last) : "");
    case db::AnchorCheck::differs:
      return fmt::format(
          "  anchor  DOES NOT HOLD: row {} is another one than the file says: the chain was made again\n", row);
    case db::AnchorCheck::cut_off:
      return fmt::format("  anchor  DOES NOT HOLD: the file knows row {}, and it is not here: rows were cut off\n",
                         row);
    case db::AnchorCheck::archived:
      return fmt::format("  anchor  IS OF THE ARCHIVE: row {} is in the database that was archived before this one\n",
                         row);
    case db::AnchorCheck::left_out:
      return fmt::format("  anchor  CANNOT BE CHECKED: row {} is not in the excerpt\n", row);
    case db::AnchorCheck::unproven:
      return fmt::format("  anchor  CANNOT BE CHECKED: the chain is broken before row {}\n", row);
    case db::AnchorCheck::not_here:
      return fmt::format("  anchor  DOES NOT FIT: it is about installation {}, which this database does not hold\n",
                         db::to_string(anchor.installation));
  }
  return {};
}

std::string as_text(const std::string& path, const db::Verification& result) {
  std::string out = path + "\n";
  for (const db::ChainVerification& chain : result.chains) out += as_text(chain);
  for (const auto& [anchor, check] : result.anchors) {
    const auto chain = std::ranges::find(result.chains, anchor.installation, &db::ChainVerification::installation);
    const bool here = chain != result.chains.end();
    out += as_text(anchor, check, here ? chain->start.seq : 0, here ? chain->last.seq : 0,
                   here && !chain->excerpts.empty());
  }
  for (const std::string& problem : result.file_problems) out += "  file    NOT SOUND: " + printable(problem) + "\n";
  if (result.wal_missing) {
    out += "  note    the file was copied without its -wal: its latest rows may be missing here\n";
  }
  const auto has_excerpt = [](const db::ChainVerification& chain) { return !chain.excerpts.empty(); };
  if (std::ranges::any_of(result.chains, has_excerpt)) {
    out +=
        "  note    excerpts are signed by the key that their own rows name: --key with the station's public key from\n"
        "          elsewhere proves that it was this station\n";
  }
  if (result.anchors.empty() && !std::ranges::all_of(result.chains, has_excerpt)) {
    out +=
        "  note    nothing in a database proves that its last rows were not cut off, or the whole chain made again:\n"
        "          --against FILE does, with a certificate, anchor or report that was kept elsewhere\n";
  }
  return out;
}

std::string as_text(const db::StoredImages& images) {
  std::string out = fmt::format("  images  {} sound\n", grouped(images.sound));
  for (const db::StoredImages::Trouble& image : images.troubles) {
    out += fmt::format("  images  {}: {} {}\n", image.altered ? "CHANGED" : "NOT THERE", printable(image.name),
                       db::hex(image.sha256));
  }
  return out;
}

bool unreadable(db::Trouble trouble) {
  return trouble == db::Trouble::missing || trouble == db::Trouble::cannot_open;
}

// What the file given with --against says, and how far it can be trusted itself.
struct Against {
  std::vector<db::Anchor> anchors;
  std::string text;
  bool good = true;
  std::optional<db::PublicKey> key{};       // that must have signed every row of the database
  std::vector<std::string> certificates{};  // the text of the file, if it is one; those in a page
  bool page = false;                        // shows more than the text in it, which nothing here compares
};

// A certificate without its signature is as good as the one on record.
void check_certificates(const std::string& database, Against& against) {
  for (const std::string& certificate : against.certificates) {
    const std::string problem = why_not_on_record(certificate, database);
    if (!problem.empty()) against.good = false;
    const std::string same = against.page
                                 ? "the signed text in it is as this record holds it; what the page shows was not "
                                   "compared with that"
                                 : "as this record holds it";
    against.text += "  text    " + (problem.empty() ? same : "CHANGED: " + problem) + "\n";
  }
}

void check_excerpts(const db::Verification& result, Against& against) {
  if (!against.key) return;
  const std::string problem = not_signed_by(result, *against.key);
  against.good = problem.empty();
  against.text = problem.empty() ? "  signed  yes, every row, by the key given\n" : "  signed  NO: " + problem + "\n";
}

std::variant<Against, ExitStatus> read_against(const AuditOptions& options, const std::string& database) {
  Against against;
  if (options.against.empty() && options.key.empty()) return against;
  if (options.against.empty()) {
    const auto key = public_key_from(options.key);
    if (!key) return complain(ExitStatus::usage, "there is no public key in " + options.key + ".");
    against.key = key;
    return against;
  }
  // An HTML report of a million attempts has some hundred MiB.
  constexpr std::size_t most_bytes = std::size_t{512} << 20;
  const auto file = config::read_file(options.against, most_bytes);
  if (const auto* unreadable = std::get_if<config::Unreadable>(&file)) {
    return complain(ExitStatus::input_missing, options.against + " " + unreadable->problem + ".");
  }
  const dfu::Bytes& bytes = std::get<dfu::Bytes>(file);
  const std::string text(bytes.begin(), bytes.end());
  against.anchors = anchors_in(properties_in_workbook(text).value_or(text));
  if (against.anchors.empty()) {
    return complain(ExitStatus::input_missing,
                    options.against +
                        " names no row of a record. Give a certificate, an anchor, or a text, JSON or "
                        "HTML report, or a workbook.");
  }
  for (std::string& certificate : certificates_in(text)) {
    against.page = certificate != text;
    if (order_of_certificate(certificate)) against.certificates.push_back(std::move(certificate));
  }
  const SignatureReport signature = check_signed_file(options.against, text, options.key, database);
  against.text = "  signed  " + signature.text + "\n";
  against.good = signature.good;
  return against;
}

// An attempt; a unit by its id or label; or a serial, as long as one unit only has shown it.
std::variant<Subject, Refused> subject_of(const std::string& text, const std::string& database) {
  if (const std::optional<db::Uuid> attempt = db::parse_uuid(text)) return Subject(ThisAttempt{*attempt});
  db::Lookup lookup(database);
  if (lookup.last_of(text) || !lookup.labelled(text).empty()) return Subject(ThisUnit{text});
  db::Filter filter;
  filter.unit = text;
  filter.steps = false;
  std::set<db::Uuid> visits;
  Subject last = ThisUnit{text};
  db::Reader(database).attempts(filter, [&](const db::Attempt& attempt) {
    visits.insert(attempt.visit.visit);
    last = ThisVisit{attempt.visit.visit};
    return visits.size() < 2;
  });
  if (visits.size() < 2) return last;
  return Refused{text + " was shown by more than one unit. Name the attempt, or the unit's id or label."};
}

ExitStatus audit_verify(const AuditOptions& options) {
  const auto database = find_database(options.db, options.station);
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  const std::string& path = std::get<std::string>(database);
  auto read = read_against(options, path);
  if (const auto* status = std::get_if<ExitStatus>(&read)) return *status;
  Against& against = std::get<Against>(read);
  try {
    const db::Verification result = db::verify_chain(path, against.anchors);
    check_excerpts(result, against);
    check_certificates(path, against);
    const db::StoredImages images = options.images ? db::check_images(path) : db::StoredImages{};
    const bool good = result.sound() && against.good && images.troubles.empty();
    if (!print_folded(as_text(path, result) + against.text + (options.images ? as_text(images) : "") +
                      (good ? "VERIFIED\n" : "NOT VERIFIED\n"))) {
      return ExitStatus::cannot_create;
    }
    return good ? ExitStatus::passed : ExitStatus::not_passed;
  } catch (const db::Error& error) {
    return complain(unreadable(error.trouble()) ? ExitStatus::input_missing : ExitStatus::not_passed, error.what());
  }
}

ExitStatus audit_image(const ImageOptions& options) {
  return record_session(options, [&](const RecordPlace& place) {
    const std::vector<db::Image> images = db::images_named(place.database, options.image);
    if (images.empty()) {
      return complain(ExitStatus::input_missing, "the record names no image " + options.image + ".");
    }
    if (images.size() > 1) {
      std::string all;
      for (const db::Image& image : images) all += "  " + db::hex(image.sha256) + " " + printable(image.name) + "\n";
      complain(ExitStatus::usage, options.image + " is more than one image; give more digits:");
      print_error(all);
      return ExitStatus::usage;
    }
    const db::ImageStore store(place.database);
    const db::Sha256& digest = images.front().sha256;
    const auto found = store.get(digest);
    if (std::holds_alternative<db::ImageStore::Missing>(found)) {
      return complain(ExitStatus::input_missing, images.front().name + " is on record and was not kept: there is no " +
                                                     store.file_of(digest) + ".");
    }
    if (std::holds_alternative<db::ImageStore::Altered>(found)) {
      return complain(ExitStatus::not_passed, store.file_of(digest) +
                                                  " is not the image that was recorded: it was changed. Look for it "
                                                  "in a backup.");
    }
    const auto& bytes = std::get<db::ImageStore::Bytes>(found);
    const std::string text(bytes.begin(), bytes.end());
    // The bytes themselves, which are no text.
    if (options.output.empty()) return write_all(STDOUT_FILENO, text) ? ExitStatus::passed : ExitStatus::cannot_create;
    return created(write_file(options.output, text));
  });
}

ExitStatus audit_anchor(const AnchorOptions& options) {
  const auto database = find_database(options.db, options.station);
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  const std::string& path = std::get<std::string>(database);
  try {
    const std::vector<db::StationInfo> stations = db::Reader(path).stations();
    if (stations.empty()) return complain(ExitStatus::input_missing, path + " holds no record yet.");
    const std::string text = anchor_text(stations.front(), db::now());
    const db::StationKey key = db::StationKey::load(key_path(path));
    if (options.output.empty()) return print(text) ? ExitStatus::passed : ExitStatus::cannot_create;
    return created(write_signed(options.output, text, "flashline anchor of " + stations.front().name, key));
  } catch (const db::Error& error) {
    return complain(ExitStatus::input_missing, error.what());
  }
}

ExitStatus dispose(const DisposeOptions& options) {
  return record_session(options.record, [&](const RecordPlace& place) {
    const std::variant<Subject, Refused> subject = subject_of(options.subject, place.database);
    if (const auto* refused = std::get_if<Refused>(&subject))
      return complain(ExitStatus::usage, at_the_shell(*refused));
    const db::Disposition& wanted = options.disposition;
    WritingSession session(place, "audit dispose", wanted.author);
    const EntryResult result = put_on_record(
        Decide{std::get<Subject>(subject), wanted.verdict, wanted.author, wanted.reason}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, at_the_shell(*refused));
    return print("recorded; what was recorded before stays as it is\n") ? ExitStatus::passed
                                                                        : ExitStatus::cannot_create;
  });
}

Action declare_verify(Arguments& arguments) {
  const auto options = std::make_shared<AuditOptions>();
  add_record_options(arguments, *options);
  arguments.add("--against", options->against, "A certificate, anchor or report that was kept elsewhere").type("FILE");
  arguments
      .add("--key", options->key,
           "The public key, or a file with it, that signed FILE, or without --against the export of an order")
      .type("KEY");
  arguments.flag("--images", options->images, "Also hash every image that was kept beside the database");
  return action(options, audit_verify);
}

Action declare_image(Arguments& arguments) {
  const auto options = std::make_shared<ImageOptions>();
  add_record_options(arguments, *options);
  arguments.add("image", options->image, "Its name, or the first digits of its SHA-256").required().type("IMAGE");
  arguments.add("-o,--output", options->output, "Write to this file").type("FILE");
  return action(options, audit_image);
}

Action declare_anchor(Arguments& arguments) {
  const auto options = std::make_shared<AnchorOptions>();
  add_record_options(arguments, *options);
  arguments.add("-o,--output", options->output, "Write to this file, and its signature beside it").type("FILE");
  return action(options, audit_anchor);
}

Action declare_dispose(Arguments& arguments) {
  const auto options = std::make_shared<DisposeOptions>();
  const auto verdict = std::make_shared<std::string>();
  add_record_options(arguments, options->record);
  arguments.add("subject", options->subject, "Id of the attempt, or id, serial or label of the unit")
      .required()
      .type("ID");
  arguments.add("verdict", *verdict, "The decision").required().one_of({"rework", "scrap", "waiver", "comment"});
  arguments.add("--reason", options->disposition.reason, "Why").required().type("TEXT");
  arguments.add("--author", options->disposition.author, "Who decided").required().type("NAME");
  return action(options, dispose, [options, verdict] {
    options->disposition.verdict = db::parse_verdict(*verdict).value();
    return std::string();
  });
}

const Registered audit({.place = 90, .words = "audit", .what = "Prove the record, and correct it by further rows"});
const Registered verify_command({.place = 91,
                                 .words = "audit verify",
                                 .what = "Check the hash chain of a database",
                                 .example = "flashline audit verify --against 4711.certificate",
                                 .declare = declare_verify});
const Registered image_command({.place = 92,
                                .words = "audit image",
                                .what = "Give back an image that was kept, after hashing it again",
                                .example = "flashline audit image tinker.bin -o tinker.bin",
                                .declare = declare_image});
const Registered anchor_command({.place = 93,
                                 .words = "audit anchor",
                                 .what = "Say where the record ends, to be kept elsewhere",
                                 .example = "flashline audit anchor -o line-3.anchor",
                                 .declare = declare_anchor});
const Registered dispose_command({.place = 94,
                                  .words = "audit dispose",
                                  .what = "Record a decision about an attempt or a unit",
                                  .example = "flashline audit dispose SN-0042 scrap --reason cracked --author Li",
                                  .declare = declare_dispose});

}  // namespace

}  // namespace station
