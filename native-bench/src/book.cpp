#include "book.hpp"

#include <cstring>

namespace {

constexpr std::size_t NEAR_LEVELS = 4;
constexpr std::size_t INDEX_SLOTS = 4 * MESSAGE_LEVELS_MAX;
constexpr std::uint32_t FNV_PRIME = 0x01000193;

void shift(std::vector<std::int64_t>& values, std::size_t to, std::size_t from, std::size_t count) {
  std::memmove(values.data() + to, values.data() + from, count * sizeof(std::int64_t));
}

std::uint32_t fold(std::uint32_t hash, std::int64_t value) {
  const std::uint32_t low = (hash ^ static_cast<std::uint32_t>(value)) * FNV_PRIME;
  return (low ^ static_cast<std::uint32_t>(value >> 32)) * FNV_PRIME;
}

}  // namespace

PriceIndex::PriceIndex() : ticks_(INDEX_SLOTS), entries_(INDEX_SLOTS), epochs_(INDEX_SLOTS) {}

std::uint32_t PriceIndex::put(std::int64_t ticks, std::uint32_t entry) {
  const std::size_t mask = INDEX_SLOTS - 1;
  std::size_t slot = ((static_cast<std::uint32_t>(ticks) * 0x9e3779b1u) >> 16) & mask;
  while (epochs_[slot] == epoch_ && ticks_[slot] != ticks) slot = (slot + 1) & mask;
  if (epochs_[slot] == epoch_) return entries_[slot];
  epochs_[slot] = epoch_;
  ticks_[slot] = ticks;
  entries_[slot] = entry;
  return entry;
}

template <int sign>
Side<sign>::Side(std::size_t depth)
    : depth_(depth),
      ticks_(2 * depth + 2 * MESSAGE_LEVELS_MAX),
      lots_(2 * depth + 2 * MESSAGE_LEVELS_MAX) {
  head_ = ticks_.size() / 2;
  changes_.ticks.resize(2 * MESSAGE_LEVELS_MAX);
  changes_.lotsBefore.resize(2 * MESSAGE_LEVELS_MAX);
  changes_.lotsAfter.resize(2 * MESSAGE_LEVELS_MAX);
}

template <int sign>
std::size_t Side<sign>::find(std::int64_t ticks) const {
  const std::int64_t* prices = ticks_.data();
  const std::int64_t wanted = sign * ticks;
  std::size_t low = head_;
  std::size_t high = head_ + count_;
  const std::size_t near = low + NEAR_LEVELS < high ? low + NEAR_LEVELS : high;
  for (; low < near; low++) {
    if (sign * prices[low] >= wanted) return low;
  }
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (sign * prices[middle] < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

template <int sign>
void Side<sign>::insert(std::size_t at, std::int64_t ticks, std::int64_t lots) {
  if (head_ == 0 || head_ + count_ == ticks_.size()) {
    const std::size_t better = at - head_;
    recentre();
    at = head_ + better;
  }
  const std::size_t end = head_ + count_;
  if (at - head_ < end - at) {
    shift(ticks_, head_ - 1, head_, at - head_);
    shift(lots_, head_ - 1, head_, at - head_);
    at--;
    head_--;
  } else {
    shift(ticks_, at + 1, at, end - at);
    shift(lots_, at + 1, at, end - at);
  }
  ticks_[at] = ticks;
  lots_[at] = lots;
  count_++;
}

template <int sign>
void Side<sign>::remove(std::size_t at) {
  const std::size_t end = head_ + count_;
  if (at - head_ < end - 1 - at) {
    shift(ticks_, head_ + 1, head_, at - head_);
    shift(lots_, head_ + 1, head_, at - head_);
    head_++;
  } else {
    shift(ticks_, at, at + 1, end - at - 1);
    shift(lots_, at, at + 1, end - at - 1);
  }
  count_--;
}

template <int sign>
void Side<sign>::recentre() {
  const std::size_t to = (ticks_.size() - count_) / 2;
  shift(ticks_, to, head_, count_);
  shift(lots_, to, head_, count_);
  head_ = to;
}

template <int sign>
std::int64_t Side<sign>::set(std::int64_t ticks, std::int64_t lots) {
  const std::size_t at = find(ticks);
  if (at < head_ + count_ && ticks_[at] == ticks) {
    const std::int64_t before = lots_[at];
    if (lots == 0) {
      remove(at);
    } else {
      lots_[at] = lots;
    }
    return before;
  }
  if (lots != 0) insert(at, ticks, lots);
  return 0;
}

template <int sign>
void Side<sign>::replace(const LevelList& list) {
  count_ = 0;
  head_ = (ticks_.size() - list.count) / 2;
  std::size_t sorted = 0;
  for (; sorted < list.count; sorted++) {
    const std::int64_t ticks = list.ticks[sorted];
    if (list.lots[sorted] == 0) break;
    if (sorted > 0 && sign * ticks <= sign * list.ticks[sorted - 1]) break;
    ticks_[head_ + sorted] = ticks;
    lots_[head_ + sorted] = list.lots[sorted];
  }
  count_ = sorted;
  for (std::size_t i = sorted; i < list.count; i++) set(list.ticks[i], list.lots[i]);
  if (count_ > depth_) count_ = depth_;
  changes_.count = 0;
}

template <int sign>
void Side<sign>::update(const LevelList& list, PriceIndex& index) {
  std::size_t changed = 0;
  bool isRising = true;
  bool isFalling = true;
  for (std::size_t i = 0; i < list.count; i++) {
    const std::int64_t ticks = list.ticks[i];
    const std::int64_t lots = list.lots[i];
    if (i > 0) {
      isRising = isRising && ticks > list.ticks[i - 1];
      isFalling = isFalling && ticks < list.ticks[i - 1];
    }
    const std::int64_t before = set(ticks, lots);
    if (before == lots) continue;
    changes_.ticks[changed] = ticks;
    changes_.lotsBefore[changed] = before;
    changes_.lotsAfter[changed] = lots;
    changed++;
  }
  changes_.count = changed;
  if (!isRising && !isFalling) mergeRepeats(index);
  if (count_ > depth_) cut(index);
}

template <int sign>
void Side<sign>::mergeRepeats(PriceIndex& index) {
  std::uint32_t merged = 0;
  index.clear();
  for (std::size_t i = 0; i < changes_.count; i++) {
    const std::uint32_t entry = index.put(changes_.ticks[i], merged);
    if (entry == merged) {
      changes_.ticks[merged] = changes_.ticks[i];
      changes_.lotsBefore[merged] = changes_.lotsBefore[i];
      merged++;
    }
    changes_.lotsAfter[entry] = changes_.lotsAfter[i];
  }
  changes_.count = merged;
  dropUnchanged();
}

template <int sign>
void Side<sign>::cut(PriceIndex& index) {
  const std::size_t end = head_ + count_;
  index.clear();
  for (std::uint32_t i = 0; i < changes_.count; i++) index.put(changes_.ticks[i], i);
  for (std::size_t at = head_ + depth_; at < end; at++) {
    const auto last = static_cast<std::uint32_t>(changes_.count);
    const std::uint32_t entry = index.put(ticks_[at], last);
    if (entry == last) {
      changes_.ticks[entry] = ticks_[at];
      changes_.lotsBefore[entry] = lots_[at];
      changes_.count++;
    }
    changes_.lotsAfter[entry] = 0;
  }
  count_ = depth_;
  dropUnchanged();
}

template <int sign>
void Side<sign>::dropUnchanged() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < changes_.count; i++) {
    if (changes_.lotsBefore[i] == changes_.lotsAfter[i]) continue;
    changes_.ticks[kept] = changes_.ticks[i];
    changes_.lotsBefore[kept] = changes_.lotsBefore[i];
    changes_.lotsAfter[kept] = changes_.lotsAfter[i];
    kept++;
  }
  changes_.count = kept;
}

template <int sign>
std::uint32_t Side<sign>::foldInto(std::uint32_t hash) const {
  hash = fold(hash, static_cast<std::int64_t>(count_));
  for (std::size_t at = head_; at < head_ + count_; at++) {
    hash = fold(fold(hash, ticks_[at]), lots_[at]);
  }
  return hash;
}

void Book::applySnapshot(const BookMessage& message) {
  bids_.replace(message.bids);
  asks_.replace(message.asks);
  u_ = message.u;
}

void Book::applyDelta(const BookMessage& message, PriceIndex& index) {
  bids_.update(message.bids, index);
  asks_.update(message.asks, index);
  u_ = message.u;
}

std::uint32_t Book::stateHash() const {
  return asks_.foldInto(bids_.foldInto(fold(0x811c9dc5u, u_)));
}

Verdict Sequencer::check(const BookMessage& message) {
  std::int64_t& last = lastU_[message.topic];
  if (message.isSnapshot || message.u == 1) {
    last = message.u;
    return Verdict::snapshot;
  }
  if (last == WAITING) return Verdict::waiting;
  if (message.u <= last) return Verdict::repeat;
  if (message.u > last + 1) {
    last = WAITING;
    return Verdict::gap;
  }
  last = message.u;
  return Verdict::delta;
}

template class Side<-1>;
template class Side<1>;
