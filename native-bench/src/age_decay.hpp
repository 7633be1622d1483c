#pragma once
#include <array>
#include <cmath>
#include <cstdint>

// 2^(-age / 30 s) without a power for each age: the factor of now times the growth of the birth,
// both against an epoch that moves on by whole half-lives, so that moving it is exact.
class AgeDecay {
 public:
  static constexpr std::int64_t HALF_LIFE_MS = 30'000;

  static double of(std::int64_t ageMs) {
    return std::exp2(-static_cast<double>(ageMs) / static_cast<double>(HALF_LIFE_MS));
  }

  double decay = 1;
  double growth = 1;
  // What growths from before must be multiplied by.
  double rescale = 1;

  void advance(std::int64_t timeMs) {
    rescale = 1;
    if (epochMs_ < 0) epochMs_ = timeMs;
    if (timeMs - epochMs_ >= STEP_MS) {
      const std::int64_t steps = (timeMs - epochMs_) / STEP_MS;
      epochMs_ += steps * STEP_MS;
      rescale = std::exp2(-8.0 * static_cast<double>(steps));
    }
    const auto ms = static_cast<std::size_t>(timeMs - epochMs_);
    decay = COARSE[ms / FINE_MS] * FINE[ms % FINE_MS];
    growth = 1 / decay;
  }

 private:
  static constexpr std::int64_t STEP_MS = 8 * HALF_LIFE_MS;
  static constexpr std::size_t FINE_MS = 512;

  template <std::size_t N>
  static std::array<double, N> powers(std::size_t stepMs) {
    std::array<double, N> values{};
    for (std::size_t i = 0; i < N; i++) values[i] = of(static_cast<std::int64_t>(i * stepMs));
    return values;
  }

  static inline const auto FINE = powers<FINE_MS>(1);
  static inline const auto COARSE = powers<STEP_MS / FINE_MS + 1>(FINE_MS);

  std::int64_t epochMs_ = -1;
};
