#include "trade_flow.hpp"

namespace {

constexpr std::int64_t DAY_MS = 86'400'000;
constexpr std::size_t LARGE_TRADES_MIN = 10;

// The catalogue's defaults, per second.
constexpr double MU = 0.1;
constexpr double SELF = 0.6;
constexpr double CROSS = 0.2;
constexpr double BETA_PER_MS = 1.2 / 1000;

}  // namespace

void TradeFlow::add(const Trade& trade, std::int64_t timeMs) {
  advance(timeMs);
  const std::int64_t signedLots = trade.sign * trade.lots;
  log_.push({timeMs, trade.lots, signedLots}, sixtySeconds_.tail);
  sizes_.insert(trade.lots);
  isShareKnown_ = false;
  count_++;
  lots_ += trade.lots;
  signedLots_ += signedLots;
  run_ = trade.sign * run_ > 0 ? run_ + trade.sign : trade.sign;
  turnDay(timeMs);
  dayLots_ += signedLots;
  const double factor = decay(timeMs);
  buys_ = buys_ * factor + (trade.sign > 0 ? 1 : 0);
  sells_ = sells_ * factor + (trade.sign > 0 ? 0 : 1);
  lastMs_ = timeMs;
}

void TradeFlow::write(FeatureRow& row, std::int64_t timeMs, double step) {
  advance(timeMs);
  turnDay(timeMs);
  row[VOLUME_DELTA_10S] = asDouble(signedLots_) * step;
  row[CVD_DAY] = asDouble(dayLots_) * step;
  row[TFI_10S] = ratio(asDouble(signedLots_), asDouble(lots_));
  row[TRADE_RATE_10S] = asDouble(count_) / 10;
  row[VOLUME_10S] = asDouble(lots_) * step;
  row[LARGE_TRADE_SHARE_60S] = largeShare();
  row[TRADE_RUN] = asDouble(run_);
  row[MS_SINCE_TRADE] = lastMs_ < 0 ? NONE : asDouble(timeMs - lastMs_);
  const double factor = decay(timeMs);
  const double buys = buys_ * factor;
  const double sells = sells_ * factor;
  row[HAWKES_BUY] = MU + SELF * buys + CROSS * sells;
  row[HAWKES_SELL] = MU + SELF * sells + CROSS * buys;
  row[HAWKES_IMB] = imbalance(row[HAWKES_BUY], row[HAWKES_SELL]);
}

void TradeFlow::advance(std::int64_t timeMs) {
  log_.expire(sixtySeconds_, timeMs, [this](const Event& event) {
    sizes_.remove(event.lots);
    isShareKnown_ = false;
  });
  log_.expire(tenSeconds_, timeMs, [this](const Event& event) {
    count_--;
    lots_ -= event.lots;
    signedLots_ -= event.signedLots;
  });
}

void TradeFlow::turnDay(std::int64_t timeMs) {
  const std::int64_t day = timeMs / DAY_MS;
  if (day == day_) return;
  day_ = day;
  dayLots_ = 0;
}

double TradeFlow::decay(std::int64_t timeMs) const {
  if (lastMs_ < 0 || timeMs == lastMs_) return 1;
  return std::exp(-BETA_PER_MS * asDouble(timeMs - lastMs_));
}

double TradeFlow::largeShare() {
  if (isShareKnown_) return largeShare_;
  isShareKnown_ = true;
  if (sizes_.size() < LARGE_TRADES_MIN) return largeShare_ = NONE;
  const std::int64_t large = sizes_.sumOfLarge(sizes_.lowerMedian(), sizes_.lowerMad());
  return largeShare_ = asDouble(large) / asDouble(sizes_.total());
}
