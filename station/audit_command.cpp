#include <fmt/format.h>

#include "db/error.h"
#include "db/verify.h"
#include "station/commands.h"
#include "station/inputs.h"
#include "station/output.h"
#include "station/text.h"

namespace station {

namespace {

std::string as_text(const db::ChainVerification& chain) {
  std::string out = fmt::format("station {}, installation {}\n", chain.station, db::to_string(chain.installation));
  out += fmt::format("  rows    {}\n  head    {} {}\n", grouped(static_cast<std::uint64_t>(chain.rows)), chain.last.seq,
                     db::hex(chain.last.hash));
  if (!chain.problem) return out + "  chain   SOUND: every row is as it was written\n";
  out += fmt::format("  chain   NOT SOUND at row {}: {}: {}\n", chain.problem->seq,
                     db::to_string(chain.problem->damage), chain.problem->text);
  return out + fmt::format("  proven  rows 1 to {} are as they were written\n", chain.proven.seq);
}

std::string as_text(const std::string& path, const db::Verification& result) {
  std::string out = path + "\n";
  for (const db::ChainVerification& chain : result.chains) out += as_text(chain);
  for (const std::string& problem : result.file_problems) out += "  file    NOT SOUND: " + problem + "\n";
  if (result.wal_missing) {
    out += "  note    the file was copied without its -wal: its latest rows may be missing here\n";
  }
  return out + (result.sound() ? "VERIFIED\n" : "NOT VERIFIED\n");
}

bool unreadable(db::Trouble trouble) {
  return trouble == db::Trouble::missing || trouble == db::Trouble::cannot_open;
}

}  // namespace

ExitStatus audit_verify(const AuditOptions& options) {
  const auto database = find_database(options.db, options.station);
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  const std::string& path = std::get<std::string>(database);
  try {
    const db::Verification result = db::verify_chain(path);
    if (!print(as_text(path, result))) return ExitStatus::cannot_create;
    return result.sound() ? ExitStatus::passed : ExitStatus::not_passed;
  } catch (const db::Error& error) {
    return complain(unreadable(error.trouble()) ? ExitStatus::input_missing : ExitStatus::not_passed, error.what());
  }
}

}  // namespace station
