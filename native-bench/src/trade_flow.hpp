#pragma once
#include "event_log.hpp"
#include "feature_row.hpp"
#include "sorted_sizes.hpp"

struct Trade {
  std::int64_t timeMs = 0;
  std::int64_t ticks = 0;
  std::int64_t lots = 0;
  std::int64_t seq = -1;   // -1: none
  std::uint64_t idHash = 0;
  std::int64_t sign = 0;   // +1: the taker bought
  bool isBlock = false;
  bool isRpi = false;
};

// The trade half of group D: windows over trades, the day, the run, and a Hawkes process of buys
// and sells that excite each other.
class TradeFlow {
 public:
  void add(const Trade& trade, std::int64_t timeMs);
  void write(FeatureRow& row, std::int64_t timeMs, double step);

 private:
  struct Event {
    std::int64_t timeMs = 0;
    std::int64_t lots = 0;
    std::int64_t signedLots = 0;
  };

  void advance(std::int64_t timeMs);
  void turnDay(std::int64_t timeMs);
  double decay(std::int64_t timeMs) const;
  double largeShare();

  EventLog<Event> log_;
  Window sixtySeconds_{60'000};
  Window tenSeconds_{10'000};
  SortedSizes sizes_;
  double largeShare_ = NONE;
  bool isShareKnown_ = false;
  std::int64_t count_ = 0;
  std::int64_t lots_ = 0;
  std::int64_t signedLots_ = 0;
  std::int64_t day_ = -1;
  std::int64_t dayLots_ = 0;
  std::int64_t run_ = 0;
  std::int64_t lastMs_ = -1;
  double buys_ = 0;
  double sells_ = 0;
};
