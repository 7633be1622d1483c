#pragma once
#include "book_summary.hpp"

struct FeatureSetup {
  std::size_t depth = 1;
  double tick = 1;
  double step = 1;
  std::int64_t bandTicks = 0;
};

// Groups A to C: what one look at the book tells, with the age of its best prices, the run of its
// larger queue and the steps of the slope kept from row to row.
class BookShape {
 public:
  explicit BookShape(const FeatureSetup& setup) : setup_(setup) {}
  void write(FeatureRow& row, const Book& book, const BookSummary& summary, std::int64_t timeMs);

 private:
  void writeTop(FeatureRow& row, const BookSummary& summary, std::int64_t timeMs);
  void writeDepth(FeatureRow& row, const Book& book, const BookSummary& summary);
  void writeImbalance(FeatureRow& row, const Book& book, const BookSummary& summary);

  FeatureSetup setup_;
  double bidTicks_ = NONE;
  double askTicks_ = NONE;
  std::int64_t changedMs_ = -1;
  double bidSteps_ = 0;
  double askSteps_ = 0;
  double bidBandLots_ = NONE;
  double askBandLots_ = NONE;
  std::int64_t streak_ = 0;
};
