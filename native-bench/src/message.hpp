#pragma once
#include <cstdint>
#include <string>
#include <vector>

// What a decoder fills and a book reads. Prices are ticks and sizes lots, as in src/domain.

struct LevelList {
  std::size_t count = 0;
  std::vector<std::int64_t> ticks;
  std::vector<std::int64_t> lots;
};

struct BookMessage {
  std::uint32_t topic = 0;
  bool isSnapshot = false;
  std::int64_t tsMs = 0;
  std::int64_t ctsMs = 0;
  std::int64_t u = 0;
  std::int64_t seq = -1;
  LevelList bids;
  LevelList asks;
};

struct TradeMessage {
  std::uint32_t topic = 0;
  std::int64_t tsMs = 0;
  std::size_t count = 0;
  std::vector<std::int64_t> timeMs;
  std::vector<std::int64_t> ticks;
  std::vector<std::int64_t> lots;
  std::vector<std::int64_t> seq;
  std::vector<std::int8_t> sign;
  std::vector<std::uint8_t> isBlock;
  std::vector<std::uint8_t> isRpi;
  std::vector<std::string> ids;
};

constexpr std::size_t MESSAGE_LEVELS_MAX = 2048;
constexpr std::size_t TRADES_PER_MESSAGE_MAX = 1024;

inline BookMessage makeBookMessage() {
  BookMessage message;
  for (LevelList* list : {&message.bids, &message.asks}) {
    list->ticks.resize(MESSAGE_LEVELS_MAX);
    list->lots.resize(MESSAGE_LEVELS_MAX);
  }
  return message;
}

inline TradeMessage makeTradeMessage() {
  TradeMessage message;
  const std::size_t n = TRADES_PER_MESSAGE_MAX;
  for (auto* list : {&message.timeMs, &message.ticks, &message.lots, &message.seq}) list->resize(n);
  message.sign.resize(n);
  message.isBlock.resize(n);
  message.isRpi.resize(n);
  message.ids.resize(n);
  return message;
}
