#include "scheduler/suspicion.h"

#include <cmath>

namespace scheduler {

namespace {

// Rates that lines have, as Beta(a, b): a bad slot loses one unit in ten, good ones one in a hundred. They make the
// test quicker where they are right; the error rate holds whatever they are.
struct Rates {
  double a, b;
};
constexpr Rates of_a_bad_one{1, 9}, of_the_others{1, 99};

double log_beta(double a, double b) {
  return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
}

// Logarithm of the likelihood of `failed` among `units`, averaged over these rates.
double averaged(int failed, int units, Rates rates) {
  return log_beta(failed + rates.a, units - failed + rates.b) - log_beta(rates.a, rates.b);
}

// And at the rate at which it is greatest.
double greatest(int failed, int units) {
  const auto part = [units](int count) { return count == 0 ? 0.0 : count * std::log(double(count) / units); };
  return part(failed) + part(units - failed);
}

}  // namespace

bool Suspicion::speaks_against(const Count& group, const Count& others, double threshold) {
  if (others.units == 0) return false;
  const bool worse = double(group.failed) / group.units > double(others.failed) / others.units;
  if (!worse) return false;
  const double evidence = averaged(group.failed, group.units, of_a_bad_one) +
                          averaged(others.failed, others.units, of_the_others) -
                          greatest(group.failed + others.failed, group.units + others.units);
  return evidence >= std::log(threshold);
}

std::optional<Suspicion::Finding> Suspicion::judged(const std::string& group, bool failed) {
  Count& count = groups_[group];
  ++count.units;
  if (!failed) return {};
  ++count.failed;
  // Others that are suspects themselves are no measure of what is usual.
  Count others;
  for (const auto& [name, other] : groups_) {
    if (name == group || other.suspect) continue;
    others.units += other.units;
    others.failed += other.failed;
  }
  const bool before = count.suspect;
  const double threshold = static_cast<double>(groups_.size()) / error_rate_;
  count.suspect = before || speaks_against(count, others, threshold);
  if (!count.suspect) return {};
  return Finding{count.failed, count.units, others.failed, others.units, !before};
}

bool Suspicion::is_suspect(const std::string& group) const {
  const auto found = groups_.find(group);
  return found != groups_.end() && found->second.suspect;
}

}  // namespace scheduler
