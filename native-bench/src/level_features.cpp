#include "level_features.hpp"

namespace {

constexpr std::size_t AGE_LEVELS = 10;
// Scores that are closer than this part of them are computed to the letter.
constexpr double TIE = 1e-8;

struct Strongest {
  double strength = NONE;
  std::size_t rank = 0;
};

// Lots times 1 - 2^(-age / 5 s), which is the sixth power of the decay.
template <int sign>
double agedLots(const LevelTable<sign>& table, const AgeDecay& decay, std::int64_t timeMs) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(AGE_LEVELS, table.count()); i++) {
    const Level& level = table.level(i);
    if (level.birthMs == timeMs) continue;
    const double power = decay.decay * level.growth;
    const double square = power * power;
    sum += asDouble(level.lots) * (1 - square * square * square);
  }
  return sum;
}

// The formula as it is written, for levels whose score is no less than `scoreMin` times the median.
template <int sign>
Strongest decide(const LevelTable<sign>& table, const AgeDecay& decay, std::int64_t timeMs,
                 double scoreMin) {
  const double median = asDouble(table.medianLots());
  Strongest best{-1, 0};
  for (std::size_t i = 0; i < std::min(SUPPORT_LEVELS, table.count()); i++) {
    const Level& level = table.level(i);
    if (scoreMin > 0 && level.weight * (1 - decay.decay * level.growth) < scoreMin) continue;
    const double score = (level.weight / median) * (1 - AgeDecay::of(timeMs - level.birthMs));
    if (score > best.strength) best = {score, i};
  }
  return best;
}

template <int sign>
Strongest strongest(const LevelTable<sign>& table, const AgeDecay& decay, std::int64_t timeMs) {
  const std::size_t count = std::min(SUPPORT_LEVELS, table.count());
  if (count == 0) return {};
  double best = -1;
  double second = -1;
  std::size_t rank = 0;
  for (std::size_t i = 0; i < count; i++) {
    const Level& level = table.level(i);
    const double score = level.weight * (1 - decay.decay * level.growth);
    if (score <= second) continue;
    if (score <= best) {
      second = score;
      continue;
    }
    second = best;
    best = score;
    rank = i;
  }
  if (table.level(rank).birthMs == timeMs) return decide(table, decay, timeMs, 0);
  if (second >= best * (1 - TIE)) return decide(table, decay, timeMs, best * (1 - TIE));
  return {best / asDouble(table.medianLots()), rank};
}

template <int sign>
double distanceBps(const LevelTable<sign>& table, const Strongest& one, double mid) {
  if (table.count() == 0) return NONE;
  return (1e4 * std::abs(2 * asDouble(table.ticks(one.rank)) - mid)) / mid;
}

}  // namespace

void LevelFeatures::update(const Book& book, const BookSummary& summary,
                           const FlowAttribution& flows, bool isSnapshot, std::int64_t timeMs) {
  decay_.advance(timeMs);
  deaths_.advance(timeMs);
  const SideFlows& bids = flows.bids();
  const SideFlows& asks = flows.asks();
  if (isSnapshot) {
    bids_.rebuild(book.bids(), decay_, timeMs);
    asks_.rebuild(book.asks(), decay_, timeMs);
  } else {
    bids_.apply(bids, decay_, deaths_, timeMs);
    asks_.apply(asks, decay_, deaths_, timeMs);
  }
  bids_.touch(summary.bids.bestTicks, timeMs);
  asks_.touch(summary.asks.bestTicks, timeMs);
  const LotPool& bidLots = bids_.lots;
  const LotPool& askLots = asks_.lots;
  log_.add({timeMs,
            {bids.add, asks.add, bids.cancel, asks.cancel, bids.fill, asks.fill,
             bids.unmatched + asks.unmatched, bidLots.canceled.lots + askLots.canceled.lots,
             bidLots.canceled.lotsMs + askLots.canceled.lotsMs,
             bidLots.filled.lots + askLots.filled.lots,
             bidLots.filled.lotsMs + askLots.filled.lotsMs}});
}

void LevelFeatures::write(FeatureRow& row, double mid, std::int64_t timeMs, double step) const {
  const CountWindow<FIELDS>& ten = log_.shortest;
  const CountWindow<FIELDS>& sixty = log_.longest;
  // Adds, cancels and fills stand in the same order.
  for (std::size_t i = ADD_BID; i <= FILL_ASK; i++) row[ADD_BID_10S + i] = asDouble(ten[i]) * step;
  const double fills = asDouble(ten[FILL_BID] + ten[FILL_ASK]);
  const double cancels = asDouble(ten[CANCEL_BID] + ten[CANCEL_ASK]);
  const double unmatched = asDouble(ten[UNMATCHED]);
  row[CANCEL_IMB_10S] = imbalance(asDouble(ten[CANCEL_ASK]), asDouble(ten[CANCEL_BID]));
  row[FILL_RATIO_10S] = ratio(fills, fills + cancels);
  row[UNMATCHED_SHARE_10S] = ratio(unmatched, unmatched + fills);
  deaths_.write(row);
  row[REST_CANCEL_MS_60S] = ratio(asDouble(sixty[CANCELED_MS]), asDouble(sixty[CANCELED]));
  row[REST_FILL_MS_60S] = ratio(asDouble(sixty[FILLED_MS]), asDouble(sixty[FILLED]));
  row[BID_AGE_DEPTH_10] = agedLots(bids_.table, decay_, timeMs) * step;
  row[ASK_AGE_DEPTH_10] = agedLots(asks_.table, decay_, timeMs) * step;
  const Strongest support = strongest(bids_.table, decay_, timeMs);
  const Strongest resistance = strongest(asks_.table, decay_, timeMs);
  row[SUPPORT_STRENGTH] = support.strength;
  row[SUPPORT_DIST_BPS] = distanceBps(bids_.table, support, mid);
  row[RESISTANCE_STRENGTH] = resistance.strength;
  row[RESISTANCE_DIST_BPS] = distanceBps(asks_.table, resistance, mid);
}
