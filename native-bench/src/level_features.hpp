#pragma once
#include "side_queues.hpp"

// Group J: what came and went at the levels, how long it lasted, and which levels hold.
class LevelFeatures {
 public:
  explicit LevelFeatures(std::size_t depth) : bids_(depth), asks_(depth) {}
  void update(const Book& book, const BookSummary& summary, const FlowAttribution& flows,
              bool isSnapshot, std::int64_t timeMs);
  void write(FeatureRow& row, double mid, std::int64_t timeMs, double step) const;

 private:
  enum Field : std::size_t {
    ADD_BID,
    ADD_ASK,
    CANCEL_BID,
    CANCEL_ASK,
    FILL_BID,
    FILL_ASK,
    UNMATCHED,
    CANCELED,
    CANCELED_MS,
    FILLED,
    FILLED_MS,
    FIELDS,
  };

  SideQueues<-1> bids_;
  SideQueues<1> asks_;
  AgeDecay decay_;
  DeathLog deaths_;
  CountLog<FIELDS> log_{60'000, 10'000};
};
