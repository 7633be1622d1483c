#include "book_flow.hpp"

template <int sign>
BookFlow::Flow BookFlow::follow(Levels& before, const Side<sign>& side) {
  const std::size_t count = std::min(LEVELS, side.count());
  const std::int64_t* ticks = side.ticks();
  const std::int64_t* lots = side.lots();
  Flow flow;
  for (std::size_t i = 0; i < std::max(count, before.count); i++) {
    std::int64_t level = 0;
    if (i >= count) {
      level = -before.lots[i];
    } else if (i >= before.count) {
      level = lots[i];
    } else {
      const std::int64_t loss = sign * (ticks[i] - before.ticks[i]);
      level = (loss <= 0 ? lots[i] : 0) - (loss >= 0 ? before.lots[i] : 0);
    }
    if (i == 0) flow.one = level;
    if (i < 5) flow.five += level;
    flow.ten += level;
  }
  std::copy_n(ticks, count, before.ticks.begin());
  std::copy_n(lots, count, before.lots.begin());
  before.count = count;
  return flow;
}

void BookFlow::write(FeatureRow& row, const Book& book, const BookSummary& summary, bool isSnapshot,
                     std::int64_t timeMs, double step) {
  const auto& [bids, asks, mid] = summary;
  Flow bid = follow(bids_, book.bids());
  Flow ask = follow(asks_, book.asks());
  if (isSnapshot) bid = ask = {};
  log_.add({timeMs,
            {bid.one - ask.one, bid.five - ask.five, bid.ten - ask.ten,
             bids.bestLots + asks.bestLots, bids.lots10 + asks.lots10}});
  const CountWindow<5>& tenSeconds = log_.longest;
  row[OFI_EVENT] = asDouble(bid.one - ask.one) * step;
  row[OFI_1S] = asDouble(log_.shortest[0]) * step;
  row[OFI_10S] = asDouble(tenSeconds[0]) * step;
  row[OFI_NORM_10S] =
      ratio(asDouble(2 * tenSeconds.count * tenSeconds[0]), asDouble(tenSeconds[3]));
  row[MLOFI_SUM_5_10S] = asDouble(tenSeconds[1]) * step;
  row[MLOFI_NORM_10_10S] =
      ratio(asDouble(20 * tenSeconds.count * tenSeconds[2]), asDouble(tenSeconds[4]));
}
