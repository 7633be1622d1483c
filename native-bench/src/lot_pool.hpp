#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

// Uncensored lots that left in one event, and how long they had rested.
struct Resting {
  std::int64_t lots = 0;
  std::int64_t lotsMs = 0;
};

// The lots of one level, oldest first; -1 where there is none.
struct LotQueue {
  std::int32_t oldest = -1;
  std::int32_t newest = -1;
};

// The lots of all levels of a side in one pool, linked both ways.
class LotPool {
 public:
  Resting filled;
  Resting canceled;

  void append(LotQueue& queue, std::int64_t lots, bool isCensored, std::int64_t timeMs) {
    const std::int32_t at = take();
    lots_[index(at)] = {lots, timeMs, queue.newest, -1, isCensored};
    (queue.newest < 0 ? queue.oldest : lots_[index(queue.newest)].newer) = at;
    queue.newest = at;
  }

  // From the oldest.
  void fill(LotQueue& queue, std::int64_t lots, std::int64_t timeMs) {
    while (lots > 0) {
      const std::int32_t at = queue.oldest;
      Lot& lot = lots_[index(at)];
      lots -= takePiece(lot, lots, filled, timeMs);
      if (lot.left > 0) return;
      queue.oldest = lot.newer;
      (lot.newer < 0 ? queue.newest : lots_[index(lot.newer)].older) = -1;
      release(at, at);
    }
  }

  // From the newest.
  void cancel(LotQueue& queue, std::int64_t lots, std::int64_t timeMs) {
    while (lots > 0) {
      const std::int32_t at = queue.newest;
      Lot& lot = lots_[index(at)];
      lots -= takePiece(lot, lots, canceled, timeMs);
      if (lot.left > 0) return;
      queue.newest = lot.older;
      (lot.older < 0 ? queue.oldest : lots_[index(lot.older)].newer) = -1;
      release(at, at);
    }
  }

  void drop(LotQueue& queue) {
    if (queue.oldest >= 0) release(queue.oldest, queue.newest);
    queue = {};
  }

 private:
  struct Lot {
    std::int64_t left;
    std::int64_t birthMs;
    std::int32_t older;
    std::int32_t newer;
    bool isCensored;
  };

  static std::size_t index(std::int32_t at) { return static_cast<std::size_t>(at); }

  static std::int64_t takePiece(Lot& lot, std::int64_t lots, Resting& to, std::int64_t timeMs) {
    const std::int64_t piece = std::min(lot.left, lots);
    lot.left -= piece;
    if (lot.isCensored) return piece;
    to.lots += piece;
    to.lotsMs += piece * (timeMs - lot.birthMs);
    return piece;
  }

  std::int32_t take() {
    if (free_ < 0) {
      lots_.emplace_back();
      return static_cast<std::int32_t>(lots_.size()) - 1;
    }
    const std::int32_t at = free_;
    free_ = lots_[index(at)].newer;
    return at;
  }

  // A chain that is not linked any more.
  void release(std::int32_t first, std::int32_t last) {
    lots_[index(last)].newer = free_;
    free_ = first;
  }

  std::vector<Lot> lots_;
  std::int32_t free_ = -1;
};
