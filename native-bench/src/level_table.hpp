#pragma once
#include "count_table.hpp"
#include "lot_pool.hpp"
#include "top_sizes.hpp"

constexpr std::size_t SUPPORT_LEVELS = 50;

// What a book does not say of a level.
struct Level {
  std::int64_t lots = 0;
  std::int64_t birthMs = 0;
  double growth = 1;  // of the birth, see AgeDecay
  double weight = 0;  // lots times one plus the touches
  std::uint32_t touches = 0;
  bool isCensored = false;
  LotQueue queue;
};

// The visible levels of one side, best first: prices and places in order, the shorter part shifted
// when a level comes or goes; the level itself stays where it is.
template <int sign>
class LevelTable {
 public:
  explicit LevelTable(std::size_t depth);

  std::size_t count() const { return count_; }
  Level& level(std::size_t rank) { return levels_[places_[head_ + rank]]; }
  const Level& level(std::size_t rank) const { return levels_[places_[head_ + rank]]; }
  std::int64_t ticks(std::size_t rank) const { return sign * keys_[head_ + rank]; }
  // Of the best levels.
  std::int64_t medianLots() const { return top_.lowerMedian(); }

  // Where a price stands, or would.
  std::size_t rankOf(std::int64_t ticks) const;
  Level& open(std::size_t rank, std::int64_t ticks, std::int64_t lots);
  void setLots(std::size_t rank, std::int64_t lots);
  void close(std::size_t rank);
  void clear();
  void rescale(double factor);
  // A price became the best; or that was too long ago.
  void addTouch(std::int64_t ticks);
  void removeTouch(std::int64_t ticks);

 private:
  void changeTouches(std::int64_t ticks, std::uint32_t change);
  template <typename Value>
  void makeRoom(std::vector<Value>& values, std::size_t rank, bool isFront);
  template <typename Value>
  void fillHole(std::vector<Value>& values, std::size_t rank, bool isFront);

  std::size_t head_;
  std::size_t count_ = 0;
  std::vector<std::int64_t> keys_;     // signed prices: larger is worse
  std::vector<std::uint32_t> places_;  // into `levels_`
  std::vector<Level> levels_;
  std::vector<std::uint32_t> free_;
  TopSizes top_;
  CountTable touches_;  // by price
};
