#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

// The sizes of a few levels in ascending order.
class TopSizes {
 public:
  void enter(std::int64_t lots) {
    sizes_.insert(std::lower_bound(sizes_.begin(), sizes_.end(), lots), lots);
  }

  void leave(std::int64_t lots) {
    sizes_.erase(std::lower_bound(sizes_.begin(), sizes_.end(), lots));
  }

  void replace(std::int64_t before, std::int64_t after) {
    const auto at = std::lower_bound(sizes_.begin(), sizes_.end(), before);
    if (after > before) {
      const auto to = std::lower_bound(at + 1, sizes_.end(), after);
      *std::copy(at + 1, to, at) = after;
    } else {
      const auto to = std::lower_bound(sizes_.begin(), at, after);
      std::copy_backward(to, at, at + 1);
      *to = after;
    }
  }

  // Element floor((n - 1) / 2). There must be one.
  std::int64_t lowerMedian() const { return sizes_[(sizes_.size() - 1) / 2]; }

 private:
  std::vector<std::int64_t> sizes_;
};
