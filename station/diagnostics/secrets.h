// Takes secrets out of texts that leave the station: what is known to be one wherever it stands, and what stands where
// secrets do: behind a word such as password or token, and before the @ of a URL. What is removed too much is no loss
// here; what is left is. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace station {

class Secrets {
 public:
  // Is a secret wherever it comes up, unless it is so short that it would take other words with it.
  void add(std::string_view secret);
  // What stands where secrets do in this text is a secret in all of them.
  void learn(const std::string& text);
  std::string removed_from(const std::string& text) const;

 private:
  std::vector<std::string> known_;
};

}  // namespace station
