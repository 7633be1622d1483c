#include "level_table.hpp"

// While an event is taken in, new levels may come before old ones go.
template <int sign>
LevelTable<sign>::LevelTable(std::size_t depth)
    : head_(2 * depth), keys_(4 * depth), places_(4 * depth), levels_(2 * depth) {
  for (auto i = static_cast<std::uint32_t>(levels_.size()); i > 0; i--) free_.push_back(i - 1);
}

template <int sign>
std::size_t LevelTable<sign>::rankOf(std::int64_t ticks) const {
  const std::int64_t* from = keys_.data() + head_;
  return static_cast<std::size_t>(std::lower_bound(from, from + count_, sign * ticks) - from);
}

template <int sign>
Level& LevelTable<sign>::open(std::size_t rank, std::int64_t ticks, std::int64_t lots) {
  const bool isFront = head_ > 0 && (2 * rank < count_ || head_ + count_ == keys_.size());
  makeRoom(keys_, rank, isFront);
  makeRoom(places_, rank, isFront);
  if (isFront) head_--;
  count_++;
  const std::uint32_t place = free_.back();
  free_.pop_back();
  keys_[head_ + rank] = sign * ticks;
  places_[head_ + rank] = place;
  if (rank < SUPPORT_LEVELS) {
    top_.enter(lots);
    if (count_ > SUPPORT_LEVELS) top_.leave(level(SUPPORT_LEVELS).lots);
  }
  Level& opened = levels_[place];
  opened.lots = lots;
  opened.touches = touches_.count(static_cast<std::uint64_t>(ticks));
  opened.weight = static_cast<double>(lots) * (1 + opened.touches);
  return opened;
}

template <int sign>
void LevelTable<sign>::setLots(std::size_t rank, std::int64_t lots) {
  Level& changed = level(rank);
  if (rank < SUPPORT_LEVELS) top_.replace(changed.lots, lots);
  changed.lots = lots;
  changed.weight = static_cast<double>(lots) * (1 + changed.touches);
}

template <int sign>
void LevelTable<sign>::close(std::size_t rank) {
  if (rank < SUPPORT_LEVELS) {
    top_.leave(level(rank).lots);
    if (count_ > SUPPORT_LEVELS) top_.enter(level(SUPPORT_LEVELS).lots);
  }
  free_.push_back(places_[head_ + rank]);
  const bool isFront = 2 * rank < count_;
  fillHole(keys_, rank, isFront);
  fillHole(places_, rank, isFront);
  if (isFront) head_++;
  count_--;
}

template <int sign>
void LevelTable<sign>::clear() {
  while (count_ > 0) close(count_ - 1);
  head_ = keys_.size() / 2;
}

template <int sign>
void LevelTable<sign>::rescale(double factor) {
  for (std::size_t i = 0; i < count_; i++) level(i).growth *= factor;
}

template <int sign>
void LevelTable<sign>::addTouch(std::int64_t ticks) {
  touches_.add(static_cast<std::uint64_t>(ticks));
  changeTouches(ticks, 1);
}

template <int sign>
void LevelTable<sign>::removeTouch(std::int64_t ticks) {
  touches_.remove(static_cast<std::uint64_t>(ticks));
  changeTouches(ticks, -1u);
}

template <int sign>
void LevelTable<sign>::changeTouches(std::int64_t ticks, std::uint32_t change) {
  const std::size_t rank = rankOf(ticks);
  if (rank == count_ || this->ticks(rank) != ticks) return;
  Level& touched = level(rank);
  touched.touches += change;
  touched.weight = static_cast<double>(touched.lots) * (1 + touched.touches);
}

template <int sign>
template <typename Value>
void LevelTable<sign>::makeRoom(std::vector<Value>& values, std::size_t rank, bool isFront) {
  Value* from = values.data() + head_;
  if (isFront) {
    std::copy(from, from + rank, from - 1);
  } else {
    std::copy_backward(from + rank, from + count_, from + count_ + 1);
  }
}

template <int sign>
template <typename Value>
void LevelTable<sign>::fillHole(std::vector<Value>& values, std::size_t rank, bool isFront) {
  Value* from = values.data() + head_;
  if (isFront) {
    std::copy_backward(from, from + rank, from + rank + 1);
  } else {
    std::copy(from + rank + 1, from + count_, from + rank);
  }
}

template class LevelTable<-1>;
template class LevelTable<1>;
