#pragma once
#include "event_log.hpp"
#include "feature_row.hpp"
#include "sorted_sizes.hpp"

// Lifetimes of the levels that died in 60 s and whose birth was seen.
class DeathLog {
 public:
  void advance(std::int64_t timeMs) {
    log_.expire(window_, timeMs, [this](const Death& death) {
      lives_.remove(death.lifeMs);
      fleeting_ -= death.isFleeting;
    });
  }

  // Call `advance` before.
  void add(std::int64_t timeMs, std::int64_t lifeMs, bool isCanceled) {
    const bool isFleeting = isCanceled && lifeMs <= FLEETING_MS;
    log_.push({timeMs, lifeMs, isFleeting}, window_.tail);
    lives_.insert(lifeMs);
    fleeting_ += isFleeting;
  }

  void write(FeatureRow& row) const {
    const std::size_t count = lives_.size();
    const bool isEnough = count >= DEATHS_MIN;
    row[LVL_LIFE_MEDIAN_60S] = isEnough ? asDouble(lives_.lowerMedian()) : NONE;
    row[FLEETING_SHARE_60S] = isEnough ? asDouble(fleeting_) / static_cast<double>(count) : NONE;
  }

 private:
  static constexpr std::int64_t FLEETING_MS = 2000;
  static constexpr std::size_t DEATHS_MIN = 5;

  struct Death {
    std::int64_t timeMs = 0;
    std::int64_t lifeMs = 0;
    bool isFleeting = false;
  };

  EventLog<Death> log_;
  Window window_{60'000};
  SortedSizes lives_;
  std::int64_t fleeting_ = 0;
};
