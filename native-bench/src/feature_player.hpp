#pragma once
#include "decoder.hpp"
#include "symbol_features.hpp"

// Sequencer, books and features on the decoded messages of a tape; bench/native-features.ts does
// the same in TypeScript.
class FeaturePlayer {
 public:
  FeaturePlayer(const Tape& tape, Decoder& decoder, bool hasLevels);

  // Every pass begins with features that know nothing. Answers a fold of the mids.
  std::uint32_t play();
  // Of all rows of a pass. A value counts to 20 bits of its mantissa, so that the last digits of a
  // logarithm, in which mathematical libraries differ, do not.
  std::uint32_t checksum();
  // All rows of a pass, one after the other.
  std::vector<double> rows();

 private:
  struct Head {
    std::uint32_t topic;
    bool isSnapshot;
    std::int64_t u;
    std::int64_t seq;
    std::int64_t ctsMs;
    std::size_t bids;
    std::size_t asks;
    std::size_t trades;
  };

  void pack(const BookMessage& message);
  void pack(const TradeMessage& message);
  template <typename OnRow>
  void playWith(OnRow onRow);

  const Tape& tape_;
  std::size_t columns_;
  std::vector<Head> heads_;
  std::vector<std::int64_t> levels_;
  std::vector<Trade> trades_;
  std::vector<Book> books_;            // by topic
  std::vector<std::size_t> symbolOf_;  // by topic
  std::vector<FeatureSetup> setups_;   // by symbol
  Sequencer sequencer_;
  PriceIndex index_;
  BookMessage message_ = makeBookMessage();
};
