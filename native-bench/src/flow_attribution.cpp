#include "flow_attribution.hpp"

#include <algorithm>

namespace {

constexpr std::size_t PENDING_MAX = 8192;

template <int sign>
std::int64_t lotsAt(const Side<sign>& side, std::int64_t ticks) {
  const std::int64_t* from = side.ticks();
  const std::int64_t* to = from + side.count();
  const auto isBetter = [](std::int64_t a, std::int64_t b) { return sign * a < sign * b; };
  const std::int64_t* at = std::lower_bound(from, to, ticks, isBetter);
  return at != to && *at == ticks ? side.lots()[at - from] : 0;
}

}  // namespace

template <int sign>
void SideAttribution<sign>::consume(std::int64_t ticks, std::int64_t lots) {
  const auto isLower = [](const Traded& one, std::int64_t price) { return one.ticks < price; };
  const auto at = std::lower_bound(traded_.begin(), traded_.end(), ticks, isLower);
  if (at != traded_.end() && at->ticks == ticks) {
    at->lots += lots;
  } else {
    traded_.insert(at, {ticks, lots, false});
  }
}

template <int sign>
std::int64_t SideAttribution<sign>::take(std::int64_t ticks) {
  if (traded_.empty()) return 0;
  const auto isLower = [](const Traded& one, std::int64_t price) { return one.ticks < price; };
  const auto at = std::lower_bound(traded_.begin(), traded_.end(), ticks, isLower);
  if (at == traded_.end() || at->ticks != ticks) return 0;
  at->isTaken = true;
  return at->lots;
}

template <int sign>
void SideAttribution<sign>::push(FlowKind kind, std::int64_t ticks, std::int64_t before,
                                 std::int64_t after, std::int64_t traded) {
  if (kind != FlowKind::matched) {
    flows.unmatched += traded;
    flows.levels.push_back({kind, ticks, before, after, 0, 0, 0});
    return;
  }
  const std::int64_t net = after - before + traded;
  const std::int64_t add = std::max<std::int64_t>(net, 0);
  const std::int64_t cancel = std::max<std::int64_t>(-net, 0);
  flows.add += add;
  flows.cancel += cancel;
  flows.fill += traded;
  flows.levels.push_back({kind, ticks, before, after, add, cancel, traded});
}

template <int sign>
void SideAttribution<sign>::remember(const Side<sign>& side) {
  traded_.clear();
  wasFull_ = side.count() >= side.depth();
  worstBefore_ = side.count() > 0 ? sign * side.ticks()[side.count() - 1] : 0;
}

template <int sign>
void SideAttribution<sign>::skip(const Side<sign>& side) {
  flows.clear();
  remember(side);
}

template <int sign>
void SideAttribution<sign>::attribute(const Side<sign>& side) {
  flows.clear();
  const bool isFull = side.count() >= side.depth();
  const std::int64_t worst = side.count() > 0 ? sign * side.ticks()[side.count() - 1] : 0;
  const SideChanges& changes = side.changes();
  for (std::size_t i = 0; i < changes.count; i++) {
    const std::int64_t ticks = changes.ticks[i];
    const std::int64_t before = changes.lotsBefore[i];
    const std::int64_t after = changes.lotsAfter[i];
    FlowKind kind = FlowKind::matched;
    if (before == 0 && wasFull_ && sign * ticks > worstBefore_) {
      kind = FlowKind::revealed;
    } else if (after == 0 && isFull && sign * ticks > worst) {
      kind = FlowKind::concealed;
    }
    push(kind, ticks, before, after, take(ticks));
  }
  // Prices that traded and did not change: refilled at once, or nothing was visible there.
  for (const Traded& one : traded_) {
    if (one.isTaken) continue;
    const std::int64_t lots = lotsAt(side, one.ticks);
    push(lots > 0 ? FlowKind::matched : FlowKind::unmatched, one.ticks, lots, lots, one.lots);
  }
  remember(side);
}

void FlowAttribution::addTrade(const Trade& trade) {
  if (pending_.size() == PENDING_MAX) pending_.erase(pending_.begin());
  pending_.push_back({trade.timeMs, trade.seq, trade.ticks, trade.sign * trade.lots});
}

void FlowAttribution::apply(const BookMessage& message, const Book& book, bool isSnapshot) {
  if (!pending_.empty()) takeEligible(message);
  if (isSnapshot) {
    bids_.skip(book.bids());
    asks_.skip(book.asks());
  } else {
    bids_.attribute(book.bids());
    asks_.attribute(book.asks());
  }
}

// By sequence where both have one, else by time.
void FlowAttribution::takeEligible(const BookMessage& message) {
  std::erase_if(pending_, [&](const Pending& trade) {
    const bool isIn = message.seq >= 0 && trade.seq >= 0 ? trade.seq <= message.seq
                                                         : trade.timeMs <= message.ctsMs;
    if (!isIn) return false;
    if (trade.signedLots > 0) {
      asks_.consume(trade.ticks, trade.signedLots);
    } else {
      bids_.consume(trade.ticks, -trade.signedLots);
    }
    return true;
  });
}

template class SideAttribution<-1>;
template class SideAttribution<1>;
