#pragma once
#include "age_decay.hpp"
#include "book_summary.hpp"
#include "death_log.hpp"
#include "flow_attribution.hpp"
#include "level_table.hpp"

// The queue model of one side (section 1.6 of the catalogue): levels, their lots, and the rows of
// 300 s at which a price became the best.
template <int sign>
class SideQueues {
 public:
  explicit SideQueues(std::size_t depth) : table(depth) {}

  LevelTable<sign> table;
  LotPool lots;

  // A snapshot: every level is born now, older than it looks.
  void rebuild(const Side<sign>& side, const AgeDecay& decay, std::int64_t timeMs);
  void apply(const SideFlows& flows, const AgeDecay& decay, DeathLog& deaths, std::int64_t timeMs);
  // After either.
  void touch(double bestTicks, std::int64_t timeMs);

 private:
  struct Touch {
    std::int64_t timeMs = 0;
    std::int64_t ticks = 0;
  };

  Level& open(std::size_t rank, std::int64_t ticks, std::int64_t size, const AgeDecay& decay,
              std::int64_t timeMs);
  void reveal(std::size_t rank, std::int64_t ticks, std::int64_t size, const AgeDecay& decay,
              std::int64_t timeMs);
  void applyMatched(const LevelFlow& flow, const AgeDecay& decay, DeathLog& deaths,
                    std::int64_t timeMs);
  void close(std::size_t rank);

  EventLog<Touch> touches_;
  Window window_{300'000};
  double bestTicks_ = NONE;
};
