#include "sorted_sizes.hpp"

#include <algorithm>

namespace {

constexpr std::size_t RUN_MAX = 128;

}  // namespace

// The first run whose largest value is not less, else the last one.
std::size_t SortedSizes::runOf(std::int64_t value) const {
  const auto found = std::lower_bound(largest_.begin(), largest_.end(), value);
  const auto place = static_cast<std::size_t>(found - largest_.begin());
  return std::min(place, largest_.size() - 1);
}

void SortedSizes::insert(std::int64_t value) {
  if (runs_.empty()) {
    runs_.emplace_back().reserve(RUN_MAX);
    largest_.push_back(value);
  }
  const std::size_t place = runOf(value);
  std::vector<std::int64_t>& run = runs_[place];
  run.insert(std::upper_bound(run.begin(), run.end(), value), value);
  largest_[place] = run.back();
  size_++;
  total_ += value;
  if (run.size() < RUN_MAX) return;
  std::vector<std::int64_t> upper;
  upper.reserve(RUN_MAX);
  upper.assign(run.begin() + RUN_MAX / 2, run.end());
  run.resize(RUN_MAX / 2);
  largest_[place] = run.back();
  const auto next = static_cast<std::ptrdiff_t>(place) + 1;
  largest_.insert(largest_.begin() + next, upper.back());
  runs_.insert(runs_.begin() + next, std::move(upper));
}

void SortedSizes::remove(std::int64_t value) {
  const std::size_t place = runOf(value);
  std::vector<std::int64_t>& run = runs_[place];
  run.erase(std::lower_bound(run.begin(), run.end(), value));
  size_--;
  total_ -= value;
  if (!run.empty()) {
    largest_[place] = run.back();
    return;
  }
  runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(place));
  largest_.erase(largest_.begin() + static_cast<std::ptrdiff_t>(place));
}

std::int64_t SortedSizes::at(std::size_t rank) const {
  auto run = runs_.begin();
  for (; rank >= run->size(); ++run) rank -= run->size();
  return (*run)[rank];
}

std::int64_t SortedSizes::lowerMad() const {
  const std::size_t k = (size_ - 1) / 2;
  const std::int64_t median = at(k);
  // The k + 1 values nearest to the median are neighbors; find where they begin.
  std::size_t low = 0;
  std::size_t high = k;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(middle + k) - median >= median - at(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const std::int64_t above = at(low + k) - median;
  return low == 0 ? above : std::min(above, median - at(low - 1));
}

std::int64_t SortedSizes::sumOfLarge(std::int64_t median, std::int64_t mad) const {
  std::int64_t sum = 0;
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    for (auto value = run->rbegin(); value != run->rend(); ++value) {
      if (1000 * (*value - median) <= 7413 * mad) return sum;
      sum += *value;
    }
  }
  return sum;
}
