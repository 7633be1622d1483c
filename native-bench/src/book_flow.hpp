#pragma once
#include "book_summary.hpp"
#include "event_log.hpp"

// The book half of group D: order flow imbalance by level between the books of adjacent rows.
class BookFlow {
 public:
  void write(FeatureRow& row, const Book& book, const BookSummary& summary, bool isSnapshot,
             std::int64_t timeMs, double step);

 private:
  static constexpr std::size_t LEVELS = 10;

  // Flow into the best level, the best 5 and the best 10.
  struct Flow {
    std::int64_t one = 0;
    std::int64_t five = 0;
    std::int64_t ten = 0;
  };

  struct Levels {
    std::size_t count = 0;
    std::array<std::int64_t, LEVELS> ticks{};
    std::array<std::int64_t, LEVELS> lots{};
  };

  template <int sign>
  static Flow follow(Levels& before, const Side<sign>& side);

  Levels bids_;
  Levels asks_;
  // e_1, sums of e over 5 and 10 levels, best queues, depth of 10 levels.
  CountLog<5> log_{10'000, 1000};
};
