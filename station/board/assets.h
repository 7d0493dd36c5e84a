// The page itself: files that the build put into the program. A fixed table of names, so that no request can name a
// file of this machine. Immutable after it is made; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "station/board/http.h"

namespace station::board {

class Assets {
 public:
  // Those of www/board.qrc.
  Assets();

  // Null: there is none of this name. "/" is the page.
  const Reply* find(const std::string& path) const;
  // As `find`, but short where the browser has it already. REQUIRES: it is there.
  Reply reply(const Request& request) const;
  // Those that the page can speak: the names of lang/*.json.
  Reply languages() const;

 private:
  std::map<std::string, Reply> by_path_;
};

}  // namespace station::board
