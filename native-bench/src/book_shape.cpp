#include "book_shape.hpp"

namespace {

constexpr std::size_t LEVELS = 20;
constexpr std::size_t EXP_LEVELS = 10;

// exp(-0.5 i)
const std::array<double, EXP_LEVELS> EXP_WEIGHTS = [] {
  std::array<double, EXP_LEVELS> weights{};
  for (std::size_t i = 0; i < EXP_LEVELS; i++) weights[i] = std::exp(-0.5 * asDouble(i));
  return weights;
}();

template <int sign>
std::int64_t halfTicks(const Side<sign>& side, std::size_t level, std::int64_t mid) {
  return std::abs(2 * side.ticks()[level] - mid);
}

template <int sign>
double bandLots(const Side<sign>& side, std::int64_t mid, std::int64_t bandHalfTicks) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < side.count(); i++) {
    if (halfTicks(side, i, mid) > bandHalfTicks) break;
    sum += side.lots()[i];
  }
  return asDouble(sum);
}

// Sum of (2p - M) q.
template <int sign>
std::int64_t offsetLots(const Side<sign>& side, std::int64_t mid) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < std::min(LEVELS, side.count()); i++) {
    sum += (2 * side.ticks()[i] - mid) * side.lots()[i];
  }
  return sum;
}

// Coefficient of u^2 in the fit of cumulative size by distance.
template <int sign>
double convexity(const Side<sign>& side, std::int64_t totalLots, std::int64_t mid) {
  const std::size_t levels = std::min(LEVELS, side.count());
  if (levels < 3) return NONE;
  const double farthest = asDouble(halfTicks(side, levels - 1, mid));
  const double total = asDouble(totalLots);
  std::int64_t cumulative = 0;
  double s2 = 0, s3 = 0, s4 = 0, t1 = 0, t2 = 0;
  for (std::size_t i = 0; i < levels; i++) {
    cumulative += side.lots()[i];
    const double u = asDouble(halfTicks(side, i, mid)) / farthest;
    const double v = asDouble(cumulative) / total;
    const double square = u * u;
    s2 += square;
    s3 += square * u;
    s4 += square * square;
    t1 += u * v;
    t2 += square * v;
  }
  const double determinant = s2 * s4 - s3 * s3;
  return determinant <= 1e-12 * s2 * s4 ? NONE : (s2 * t2 - s3 * t1) / determinant;
}

// The part of the slope that does not depend on the mid: growth of size over growth of price.
template <int sign>
double slopeSteps(const Side<sign>& side) {
  if (side.count() == 0) return 0;
  const std::int64_t* ticks = side.ticks();
  const std::int64_t* lots = side.lots();
  double sum = 0;
  double cumulative = asDouble(lots[0]);
  double logSize = std::log1p(cumulative);
  for (std::size_t i = 1; i < std::min(LEVELS, side.count()); i++) {
    const double growth = std::log1p(asDouble(lots[i]) / (1 + cumulative));
    const double price = asDouble(ticks[i - 1]);
    sum += ((growth / logSize) * price) / asDouble(std::abs(ticks[i] - ticks[i - 1]));
    cumulative += asDouble(lots[i]);
    logSize += growth;
  }
  return sum;
}

template <int sign>
double slope(const SideSummary<sign>& side, double mid, double steps) {
  const double distance = std::abs(2 * side.bestTicks - mid);
  const double first = (std::log1p(asDouble(side.bestLots)) * mid) / distance;
  return (first + steps) / static_cast<double>(std::min(LEVELS, side.count));
}

template <int sign>
double weightedLots(const Side<sign>& side) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(EXP_LEVELS, side.count()); i++) {
    sum += EXP_WEIGHTS[i] * asDouble(side.lots()[i]);
  }
  return sum;
}

bool isSame(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

}  // namespace

void BookShape::write(FeatureRow& row, const Book& book, const BookSummary& summary,
                      std::int64_t timeMs) {
  writeTop(row, summary, timeMs);
  writeDepth(row, book, summary);
  writeImbalance(row, book, summary);
}

void BookShape::writeTop(FeatureRow& row, const BookSummary& summary, std::int64_t timeMs) {
  const auto& [bids, asks, mid] = summary;
  const double spread = std::isnan(mid) ? NONE : asks.bestTicks - bids.bestTicks;
  row[BEST_BID] = bids.bestTicks * setup_.tick;
  row[BEST_ASK] = asks.bestTicks * setup_.tick;
  row[MID_PRICE] = (mid / 2) * setup_.tick;
  row[SPREAD_ABS] = spread * setup_.tick;
  row[SPREAD_TICKS] = spread;
  row[SPREAD_BPS] = (1e4 * spread) / (mid / 2);
  row[BID_SIZE_1] = asDouble(bids.bestLots) * setup_.step;
  row[ASK_SIZE_1] = asDouble(asks.bestLots) * setup_.step;
  const bool isChanged = !isSame(bids.bestTicks, bidTicks_) || !isSame(asks.bestTicks, askTicks_);
  if (changedMs_ < 0 || isChanged) {
    bidTicks_ = bids.bestTicks;
    askTicks_ = asks.bestTicks;
    changedMs_ = timeMs;
  }
  row[BBO_AGE_MS] = asDouble(timeMs - changedMs_);
}

void BookShape::writeDepth(FeatureRow& row, const Book& book, const BookSummary& summary) {
  const auto& [bids, asks, mid] = summary;
  const double step = setup_.step;
  row[BID_DEPTH_5] = asDouble(bids.lots5) * step;
  row[ASK_DEPTH_5] = asDouble(asks.lots5) * step;
  row[BID_DEPTH_20] = asDouble(bids.lots20) * step;
  row[ASK_DEPTH_20] = asDouble(asks.lots20) * step;
  if (bids.isTopChanged) bidSteps_ = slopeSteps(book.bids());
  if (asks.isTopChanged) askSteps_ = slopeSteps(book.asks());
  if (std::isnan(mid)) {
    bidBandLots_ = askBandLots_ = NONE;
    for (std::size_t i = BID_DEPTH_BAND; i <= NS_SLOPE_20; i++) row[i] = NONE;
    return;
  }
  const auto halves = static_cast<std::int64_t>(mid);
  bidBandLots_ = bandLots(book.bids(), halves, 2 * setup_.bandTicks);
  askBandLots_ = bandLots(book.asks(), halves, 2 * setup_.bandTicks);
  row[BID_DEPTH_BAND] = bidBandLots_ * step;
  row[ASK_DEPTH_BAND] = askBandLots_ * step;
  const std::int64_t offsets = offsetLots(book.bids(), halves) + offsetLots(book.asks(), halves);
  const double lots = asDouble(bids.lots20 + asks.lots20);
  row[BOOK_VWAP_DEV_BPS_20] = (1e4 * asDouble(offsets)) / (lots * mid);
  row[BID_CONVEXITY_20] = convexity(book.bids(), bids.lots20, halves);
  row[ASK_CONVEXITY_20] = convexity(book.asks(), asks.lots20, halves);
  row[NS_SLOPE_20] = (slope(bids, mid, bidSteps_) + slope(asks, mid, askSteps_)) / 2;
}

void BookShape::writeImbalance(FeatureRow& row, const Book& book, const BookSummary& summary) {
  const auto& [bids, asks, mid] = summary;
  const auto bid1 = asDouble(bids.bestLots);
  const auto ask1 = asDouble(asks.bestLots);
  row[IMB_1] = imbalance(bid1, ask1);
  row[IMB_5] = imbalance(asDouble(bids.lots5), asDouble(asks.lots5));
  row[IMB_20] = imbalance(asDouble(bids.lots20), asDouble(asks.lots20));
  row[IMB_BAND] = imbalance(bidBandLots_, askBandLots_);
  row[IMB_EXP_10] = imbalance(weightedLots(book.bids()), weightedLots(book.asks()));
  row[LOG_QUEUE_RATIO] = bids.count > 0 && asks.count > 0 ? std::log(bid1 / ask1) : NONE;
  const std::int64_t sign = (bid1 > ask1) - (bid1 < ask1);
  streak_ = sign * streak_ > 0 ? streak_ + sign : sign;
  row[IMB_STREAK] = asDouble(streak_);
}
