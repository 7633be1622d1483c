#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "message.hpp"
#include "tape.hpp"

enum class FrameKind { none, book, trade };

// Topics by the bytes of their names, open addressing.
class TopicTable {
 public:
  explicit TopicTable(const std::vector<Topic>& topics);
  const Topic* find(std::string_view name) const;

 private:
  const std::vector<Topic>& topics_;
  std::vector<std::int32_t> slots_;
};

// The scanner of src/feed/bybit: keys in any order, space anywhere, every byte of the frame checked
// against the grammar. What it does not accept is `none`; there is no second parser behind it here,
// as a tape holds nothing that would need one.
class Decoder {
 public:
  explicit Decoder(const std::vector<Topic>& topics);
  FrameKind decode(std::string_view frame);

  BookMessage book = makeBookMessage();
  TradeMessage trade = makeTradeMessage();

 private:
  using At = const std::uint8_t*;  // null: not accepted
  At scanContent(At at, At end, const Topic& topic);
  At scanBook(At at, At end, const Topic& topic);
  At scanTrades(At at, At end, const Topic& topic);
  At scanTrade(At at, At end, const Topic& topic, std::size_t slot);
  At scanTradeField(At at, At end, int key, const Topic& topic, std::size_t slot);

  TopicTable topics_;
};

// A decimal number in quotes as a count of steps; null when it is none, or no multiple.
const std::uint8_t* scanSteps(const std::uint8_t* at, const Step& step, std::int64_t& out);
