#pragma once
#include <cstdint>
#include <vector>

#include "message.hpp"

// The same book as src/book: two flat arrays a side with room at both ends, best level first, the
// shorter part shifted, the changes of a message written down, the side cut to its depth.

struct SideChanges {
  std::size_t count = 0;
  std::vector<std::int64_t> ticks;
  std::vector<std::int64_t> lotsBefore;
  std::vector<std::int64_t> lotsAfter;
};

// Finds the entry of a price among the changes of one message.
class PriceIndex {
 public:
  PriceIndex();
  void clear() { epoch_++; }
  std::uint32_t put(std::int64_t ticks, std::uint32_t entry);

 private:
  std::vector<std::int64_t> ticks_;
  std::vector<std::uint32_t> entries_;
  std::vector<std::uint64_t> epochs_;
  std::uint64_t epoch_ = 1;
};

template <int sign>
class Side {
 public:
  explicit Side(std::size_t depth);
  void replace(const LevelList& list);
  void update(const LevelList& list, PriceIndex& index);
  std::uint32_t foldInto(std::uint32_t hash) const;

  std::size_t depth() const { return depth_; }
  std::size_t count() const { return count_; }
  // Of the best level; the others follow.
  const std::int64_t* ticks() const { return ticks_.data() + head_; }
  const std::int64_t* lots() const { return lots_.data() + head_; }
  const SideChanges& changes() const { return changes_; }

 private:
  std::size_t find(std::int64_t ticks) const;
  std::int64_t set(std::int64_t ticks, std::int64_t lots);
  void insert(std::size_t at, std::int64_t ticks, std::int64_t lots);
  void remove(std::size_t at);
  void recentre();
  void mergeRepeats(PriceIndex& index);
  void cut(PriceIndex& index);
  void dropUnchanged();

  std::size_t depth_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::vector<std::int64_t> ticks_;
  std::vector<std::int64_t> lots_;
  SideChanges changes_;
};

class Book {
 public:
  explicit Book(std::size_t depth) : bids_(depth), asks_(depth) {}
  void applySnapshot(const BookMessage& message);
  void applyDelta(const BookMessage& message, PriceIndex& index);
  // As src/book/state-hash.ts.
  std::uint32_t stateHash() const;

  const Side<-1>& bids() const { return bids_; }
  const Side<1>& asks() const { return asks_; }

 private:
  Side<-1> bids_;
  Side<1> asks_;
  std::int64_t u_ = 0;
};

// Whether a message continues its book, as src/feed/sequencer.ts.
enum class Verdict { snapshot, delta, repeat, waiting, gap };

class Sequencer {
 public:
  explicit Sequencer(std::size_t topics) : lastU_(topics, WAITING) {}
  Verdict check(const BookMessage& message);

 private:
  static constexpr std::int64_t WAITING = -1;
  std::vector<std::int64_t> lastU_;
};
