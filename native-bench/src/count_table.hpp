#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// How often each key is there, open addressing; a key that is there no more leaves nothing behind.
class CountTable {
 public:
  std::uint32_t count(std::uint64_t key) const { return slots_[find(key)].count; }

  void add(std::uint64_t key) {
    if (2 * size_ >= slots_.size()) grow();
    Slot& slot = slots_[find(key)];
    if (slot.count++ == 0) {
      slot.key = key;
      size_++;
    }
  }

  // One of a key that is there.
  void remove(std::uint64_t key) {
    std::size_t hole = find(key);
    if (--slots_[hole].count > 0) return;
    size_--;
    for (std::size_t at = next(hole); slots_[at].count > 0; at = next(at)) {
      const std::size_t way = (at - homeOf(slots_[at].key)) & mask();
      if (way < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      slots_[at].count = 0;
      hole = at;
    }
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t count = 0;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  std::size_t homeOf(std::uint64_t key) const {
    return ((key * 0x9e3779b97f4a7c15u) >> 32) & mask();
  }

  std::size_t find(std::uint64_t key) const {
    std::size_t at = homeOf(key);
    while (slots_[at].count > 0 && slots_[at].key != key) at = next(at);
    return at;
  }

  void grow() {
    std::vector<Slot> before(2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.count > 0) slots_[find(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::size_t size_ = 0;
};
