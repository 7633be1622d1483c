#include "side_queues.hpp"

template <int sign>
void SideQueues<sign>::rebuild(const Side<sign>& side, const AgeDecay& decay,
                               std::int64_t timeMs) {
  lots.filled = lots.canceled = {};
  for (std::size_t i = 0; i < table.count(); i++) lots.drop(table.level(i).queue);
  table.clear();
  for (std::size_t i = 0; i < side.count(); i++) {
    reveal(i, side.ticks()[i], side.lots()[i], decay, timeMs);
  }
}

template <int sign>
void SideQueues<sign>::apply(const SideFlows& flows, const AgeDecay& decay, DeathLog& deaths,
                             std::int64_t timeMs) {
  lots.filled = lots.canceled = {};
  if (decay.rescale != 1) table.rescale(decay.rescale);
  for (const LevelFlow& flow : flows.levels) {
    switch (flow.kind) {
      case FlowKind::unmatched:
        break;
      case FlowKind::revealed:
        reveal(table.rankOf(flow.ticks), flow.ticks, flow.after, decay, timeMs);
        break;
      case FlowKind::concealed:
        close(table.rankOf(flow.ticks));
        break;
      case FlowKind::matched:
        applyMatched(flow, decay, deaths, timeMs);
    }
  }
}

template <int sign>
void SideQueues<sign>::touch(double bestTicks, std::int64_t timeMs) {
  touches_.expire(window_, timeMs, [this](const Touch& old) { table.removeTouch(old.ticks); });
  if (bestTicks == bestTicks_) return;
  bestTicks_ = bestTicks;
  if (std::isnan(bestTicks)) return;
  const auto ticks = static_cast<std::int64_t>(bestTicks);
  touches_.push({timeMs, ticks}, window_.tail);
  table.addTouch(ticks);
}

template <int sign>
Level& SideQueues<sign>::open(std::size_t rank, std::int64_t ticks, std::int64_t size,
                              const AgeDecay& decay, std::int64_t timeMs) {
  Level& level = table.open(rank, ticks, size);
  level.birthMs = timeMs;
  level.growth = decay.growth;
  level.isCensored = false;
  return level;
}

template <int sign>
void SideQueues<sign>::reveal(std::size_t rank, std::int64_t ticks, std::int64_t size,
                              const AgeDecay& decay, std::int64_t timeMs) {
  Level& level = open(rank, ticks, size, decay, timeMs);
  level.isCensored = true;
  lots.append(level.queue, size, true, timeMs);
}

// Adds at the back, fills from the front, cancels from the back, in this order.
template <int sign>
void SideQueues<sign>::applyMatched(const LevelFlow& flow, const AgeDecay& decay, DeathLog& deaths,
                                    std::int64_t timeMs) {
  const std::size_t rank = table.rankOf(flow.ticks);
  const bool isBorn = flow.before == 0;
  Level& level = isBorn ? open(rank, flow.ticks, flow.after, decay, timeMs) : table.level(rank);
  if (flow.add > 0) lots.append(level.queue, flow.add, false, timeMs);
  lots.fill(level.queue, flow.fill, timeMs);
  lots.cancel(level.queue, flow.cancel, timeMs);
  if (flow.after > 0) {
    if (flow.after != level.lots) table.setLots(rank, flow.after);
    return;
  }
  if (!level.isCensored) deaths.add(timeMs, timeMs - level.birthMs, flow.fill < flow.cancel);
  close(rank);
}

template <int sign>
void SideQueues<sign>::close(std::size_t rank) {
  lots.drop(table.level(rank).queue);
  table.close(rank);
}

template class SideQueues<-1>;
template class SideQueues<1>;
