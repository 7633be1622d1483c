#pragma once
#include "count_table.hpp"

// The latest trade ids of a symbol, by hash: the exchange sends some twice.
class TradeIds {
 public:
  // False when it was known.
  bool add(std::uint64_t hash) {
    if (table_.count(hash) > 0) return false;
    table_.add(hash);
    if (latest_.size() < IDS_MAX) {
      latest_.push_back(hash);
      return true;
    }
    table_.remove(latest_[oldest_]);
    latest_[oldest_] = hash;
    oldest_ = (oldest_ + 1) % IDS_MAX;
    return true;
  }

 private:
  static constexpr std::size_t IDS_MAX = 65'536;

  CountTable table_;
  std::vector<std::uint64_t> latest_;
  std::size_t oldest_ = 0;
};
