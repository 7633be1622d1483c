#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// A sorted multiset with ranks: short sorted runs, each split in two when it is full.
class SortedSizes {
 public:
  std::size_t size() const { return size_; }
  std::int64_t total() const { return total_; }
  void insert(std::int64_t value);
  // One that is there.
  void remove(std::int64_t value);
  std::int64_t at(std::size_t rank) const;
  // Element floor((n - 1) / 2). There must be one.
  std::int64_t lowerMedian() const { return at((size_ - 1) / 2); }
  // Lower median of the distances to the lower median.
  std::int64_t lowerMad() const;
  // Sum of the values with 1000 (value - median) > 7413 mad.
  std::int64_t sumOfLarge(std::int64_t median, std::int64_t mad) const;

 private:
  std::size_t runOf(std::int64_t value) const;

  std::vector<std::vector<std::int64_t>> runs_;  // none is empty
  std::vector<std::int64_t> largest_;            // of each run
  std::size_t size_ = 0;
  std::int64_t total_ = 0;
};
