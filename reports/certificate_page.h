// A signed text as a page that a customer would frame: of a production order, or of one unit. What the page says of
// units, recipes and figures is read out of the signed text itself, so that nothing stands there that nobody signed;
// the record adds only the revision of a recipe. The signed text is in the page, to be saved byte for byte. Pure; any
// thread.
#pragma once

#include <map>
#include <ostream>
#include <string>

#include "db/values.h"

namespace reports {

struct SignedText {
  std::string text;
  std::string signature;  // as minisign has it; empty: the key was not at hand
  std::string file;       // name under which the text is saved, "4711.certificate"
};

struct CertificateFacts {
  std::string station;                             // name; empty: not known
  std::map<std::string, std::string> revisions{};  // of recipes, by SHA-256
  db::Time made;                                   // when the page was
  std::string verified;                            // a sentence: whether the record was verified for this page
};

// "key: value" lines; the first line says which of the two it is.
void write_certificate(const SignedText& certificate, const CertificateFacts& facts, std::ostream& out);

}  // namespace reports
