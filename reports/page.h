// The look and the behaviour of the HTML report, as text that goes into it: a report is one file that loads nothing.
// The files are in reports/resources, and the build puts them into the program. Any thread.
#pragma once

#include <string>

namespace reports {

const std::string& page_style();
// Search and sort. Without it the page still shows everything.
const std::string& page_script();

// The Content-Security-Policy of such a page, which stands in it; who serves one sends the same.
std::string page_policy();

}  // namespace reports
