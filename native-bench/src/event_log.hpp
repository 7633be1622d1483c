#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

// Events in order of effective time, for windows that look back a fixed time: a window of W ms at t
// holds those with t - W < time <= t. Every event has a `timeMs`. A ring that doubles while it is
// full of events that the longest window still needs; a tape is finite, so there is no other bound.
struct Window {
  std::int64_t widthMs;
  std::uint64_t tail = 0;
};

template <typename Event>
class EventLog {
 public:
  // `oldest` is the tail of the longest window.
  void push(const Event& event, std::uint64_t oldest) {
    if (next_ - oldest == events_.size()) grow(oldest);
    events_[next_++ & (events_.size() - 1)] = event;
  }

  // Lets those leave that are too old for the window.
  template <typename Leave>
  void expire(Window& window, std::int64_t timeMs, Leave leave) const {
    const std::int64_t edgeMs = timeMs - window.widthMs;
    for (; window.tail < next_; window.tail++) {
      const Event& event = events_[window.tail & (events_.size() - 1)];
      if (event.timeMs > edgeMs) break;
      leave(event);
    }
  }

 private:
  void grow(std::uint64_t oldest) {
    std::vector<Event> more(2 * events_.size());
    for (std::uint64_t i = oldest; i < next_; i++) {
      more[i & (more.size() - 1)] = events_[i & (events_.size() - 1)];
    }
    events_.swap(more);
  }

  std::vector<Event> events_ = std::vector<Event>(256);
  std::uint64_t next_ = 0;
};

// Counts that are summed over windows.
template <std::size_t N>
struct Counts {
  std::int64_t timeMs = 0;
  std::array<std::int64_t, N> values{};
};

template <std::size_t N>
struct CountWindow {
  Window window;
  std::array<std::int64_t, N> sums{};
  std::int64_t count = 0;

  std::int64_t operator[](std::size_t field) const { return sums[field]; }
  void enter(const Counts<N>& counts) {
    for (std::size_t i = 0; i < N; i++) sums[i] += counts.values[i];
    count++;
  }
  void leave(const Counts<N>& counts) {
    for (std::size_t i = 0; i < N; i++) sums[i] -= counts.values[i];
    count--;
  }
};

// The sums of such counts over a long and a short window.
template <std::size_t N>
class CountLog {
 public:
  CountLog(std::int64_t longMs, std::int64_t shortMs) : longest{{longMs}}, shortest{{shortMs}} {}

  void advance(std::int64_t timeMs) {
    for (CountWindow<N>* one : {&longest, &shortest}) {
      log_.expire(one->window, timeMs, [one](const Counts<N>& counts) { one->leave(counts); });
    }
  }

  void add(const Counts<N>& counts) {
    advance(counts.timeMs);
    log_.push(counts, longest.window.tail);
    longest.enter(counts);
    shortest.enter(counts);
  }

  CountWindow<N> longest;
  CountWindow<N> shortest;

 private:
  EventLog<Counts<N>> log_;
};
