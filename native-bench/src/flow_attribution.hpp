#pragma once
#include "book.hpp"
#include "trade_flow.hpp"

// What one event did at one price, in lots; the cases of the catalogue, section 1.5.
enum class FlowKind { unmatched, revealed, concealed, matched };

struct LevelFlow {
  FlowKind kind = FlowKind::unmatched;
  std::int64_t ticks = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::int64_t add = 0;
  std::int64_t cancel = 0;
  std::int64_t fill = 0;
};

struct SideFlows {
  std::vector<LevelFlow> levels;
  std::int64_t add = 0;
  std::int64_t cancel = 0;
  std::int64_t fill = 0;
  std::int64_t unmatched = 0;

  void clear() {
    levels.clear();
    add = cancel = fill = unmatched = 0;
  }
};

// Of one side: its changes and the trades that consumed it, by price.
template <int sign>
class SideAttribution {
 public:
  SideFlows flows;

  void consume(std::int64_t ticks, std::int64_t lots);
  // A snapshot: whatever traded before it is forgotten.
  void skip(const Side<sign>& side);
  void attribute(const Side<sign>& side);

 private:
  struct Traded {
    std::int64_t ticks = 0;
    std::int64_t lots = 0;
    bool isTaken = false;
  };

  std::int64_t take(std::int64_t ticks);
  void push(FlowKind kind, std::int64_t ticks, std::int64_t before, std::int64_t after,
            std::int64_t traded);
  void remember(const Side<sign>& side);

  std::vector<Traded> traded_;  // by price
  bool wasFull_ = false;
  std::int64_t worstBefore_ = 0;  // signed: larger is worse
};

// From changes of the book and trades to adds, cancels and fills.
class FlowAttribution {
 public:
  void addTrade(const Trade& trade);
  void apply(const BookMessage& message, const Book& book, bool isSnapshot);

  const SideFlows& bids() const { return bids_.flows; }
  const SideFlows& asks() const { return asks_.flows; }

 private:
  struct Pending {
    std::int64_t timeMs = 0;
    std::int64_t seq = -1;
    std::int64_t ticks = 0;
    std::int64_t signedLots = 0;
  };

  void takeEligible(const BookMessage& message);

  std::vector<Pending> pending_;
  SideAttribution<-1> bids_;
  SideAttribution<1> asks_;
};
