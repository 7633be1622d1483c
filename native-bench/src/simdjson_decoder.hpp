#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "decoder.hpp"

// The same messages by way of simdjson's on-demand parser. It skips what it is not asked for, so it
// checks less than the scanner does.
class SimdjsonDecoder {
 public:
  explicit SimdjsonDecoder(const std::vector<Topic>& topics);
  ~SimdjsonDecoder();
  // `frame` is followed by at least 64 readable bytes.
  FrameKind decode(std::string_view frame);

  BookMessage book = makeBookMessage();
  TradeMessage trade = makeTradeMessage();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  TopicTable topics_;
};
