#pragma once
#include <optional>

#include "book_flow.hpp"
#include "book_shape.hpp"
#include "level_features.hpp"
#include "trade_ids.hpp"

// The features of one symbol from its accepted messages in stream order: groups A to D, and J when
// it is asked for. Their definitions are those of the catalogue (docs), their values those of
// src/features.
class SymbolFeatures {
 public:
  SymbolFeatures(const FeatureSetup& setup, bool hasLevels) : setup_(setup), shape_(setup) {
    if (hasLevels) levels_.emplace(setup.depth);
  }

  // Of the latest book event; finite or NaN.
  const FeatureRow& row() const { return row_; }

  void onTrade(const Trade& trade);
  // `book` is the state after the message, with the changes it made.
  void onBook(const BookMessage& message, const Book& book, bool isSnapshot);

 private:
  FeatureSetup setup_;
  FeatureRow row_{};
  std::int64_t timeMs_ = 0;
  TradeIds ids_;
  TradeFlow trades_;
  FlowAttribution flows_;
  BookSummary summary_;
  BookShape shape_;
  BookFlow bookFlow_;
  std::optional<LevelFeatures> levels_;
};
