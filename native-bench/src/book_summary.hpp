#pragma once
#include <algorithm>

#include "book.hpp"
#include "feature_row.hpp"

// What several groups need of one side. Absent levels have no size.
template <int sign>
struct SideSummary {
  std::size_t count = 0;
  double bestTicks = NONE;
  std::int64_t bestLots = 0;
  std::int64_t lots5 = 0;
  std::int64_t lots10 = 0;
  std::int64_t lots20 = 0;
  // Whether any of the best 20 levels differs from the row before.
  bool isTopChanged = true;

  void read(const Side<sign>& side, bool isSnapshot) {
    count = side.count();
    isTopChanged = isSnapshot || reachesTop(side);
    if (!isTopChanged) return;
    const std::int64_t* lots = side.lots();
    bestTicks = count > 0 ? asDouble(side.ticks()[0]) : NONE;
    bestLots = count > 0 ? lots[0] : 0;
    const auto sum = [&](std::size_t from, std::size_t to) {
      std::int64_t total = 0;
      for (std::size_t i = from; i < std::min(to, count); i++) total += lots[i];
      return total;
    };
    lots5 = sum(0, 5);
    lots10 = lots5 + sum(5, 10);
    lots20 = lots10 + sum(10, 20);
  }

 private:
  // Levels beyond the 20th come and go without the best ones noticing.
  static bool reachesTop(const Side<sign>& side) {
    if (side.count() < 20) return true;
    const std::int64_t edge = sign * side.ticks()[19];
    const SideChanges& changes = side.changes();
    for (std::size_t i = 0; i < changes.count; i++) {
      if (sign * changes.ticks[i] <= edge) return true;
    }
    return false;
  }
};

struct BookSummary {
  SideSummary<-1> bids;
  SideSummary<1> asks;
  // In half ticks; NaN unless two-sided.
  double mid = NONE;

  void read(const Book& book, bool isSnapshot) {
    bids.read(book.bids(), isSnapshot);
    asks.read(book.asks(), isSnapshot);
    mid = asks.bestTicks > bids.bestTicks ? asks.bestTicks + bids.bestTicks : NONE;
  }
};
