#include "symbol_features.hpp"

void SymbolFeatures::onTrade(const Trade& trade) {
  if (trade.isBlock || !ids_.add(trade.idHash)) return;
  timeMs_ = std::max(timeMs_, trade.timeMs);
  trades_.add(trade, timeMs_);
  // An RPI quote is not in the public book, so no delta will ever show it.
  if (!trade.isRpi && trade.lots > 0) flows_.addTrade(trade);
}

void SymbolFeatures::onBook(const BookMessage& message, const Book& book, bool isSnapshot) {
  timeMs_ = std::max(timeMs_, message.ctsMs);
  flows_.apply(message, book, isSnapshot);
  summary_.read(book, isSnapshot);
  shape_.write(row_, book, summary_, timeMs_);
  bookFlow_.write(row_, book, summary_, isSnapshot, timeMs_, setup_.step);
  trades_.write(row_, timeMs_, setup_.step);
  if (levels_) {
    levels_->update(book, summary_, flows_, isSnapshot, timeMs_);
    levels_->write(row_, summary_.mid, timeMs_, setup_.step);
  }
  // Zero has no sign.
  const std::size_t columns = levels_ ? COLUMNS_WITH_J : COLUMNS_A_TO_D;
  for (std::size_t i = 0; i < columns; i++) row_[i] = std::isfinite(row_[i]) ? row_[i] + 0 : NONE;
}
