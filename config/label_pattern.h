// What a printed label looks like at this station: a regular expression (ECMAScript, without back references) that the
// whole label matches. Time grows with the length of the label, whatever the pattern is. Pure; any thread.
#pragma once

#include <string>

namespace config {

// What is wrong with the pattern, as the rest of a sentence that begins with it; empty: nothing.
std::string problem_of_label_pattern(const std::string& pattern);

// REQUIRES: the pattern has no problem, or is empty, which every label matches.
bool matches_label_pattern(const std::string& label, const std::string& pattern);

}  // namespace config
