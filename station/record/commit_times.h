// How long things took, counted in bins as Prometheus wants them. Values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace station {

class Histogram {
 public:
  // Upper ends of the bins, rising; what is above them all is counted too.
  explicit Histogram(std::vector<double> ends) : ends_(std::move(ends)), counts_(ends_.size() + 1) {}

  void add(double value) {
    const auto bin = std::ranges::lower_bound(ends_, value) - ends_.begin();
    ++counts_[static_cast<std::size_t>(bin)];
    sum_ += value;
    last_ = value;
  }
  const std::vector<double>& ends() const { return ends_; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }  // one more than ends
  double sum() const { return sum_; }
  double last() const { return last_; }

 private:
  std::vector<double> ends_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
  double last_ = 0;
};

// Seconds from the first to the last byte of a transaction on disk.
struct CommitTimes {
  Histogram seconds{{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5}};
};

}  // namespace station
