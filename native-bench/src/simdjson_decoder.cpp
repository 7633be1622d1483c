#include "simdjson_decoder.hpp"

#include <simdjson.h>

using simdjson::ondemand::object;

namespace {

const std::uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool readLevels(simdjson::ondemand::array list, const Topic& topic, LevelList& out) {
  std::size_t count = 0;
  for (simdjson::ondemand::array level : list) {
    if (count == MESSAGE_LEVELS_MAX) return false;
    int field = 0;
    for (simdjson::ondemand::value value : level) {
      if (field > 1) break;
      const Step& step = field == 0 ? topic.tick : topic.lot;
      std::int64_t& slot = field == 0 ? out.ticks[count] : out.lots[count];
      if (scanSteps(bytesOf(value.raw_json_token()), step, slot) == nullptr) return false;
      field++;
    }
    count++;
  }
  out.count = count;
  return true;
}

}  // namespace

struct SimdjsonDecoder::Parser {
  simdjson::ondemand::parser parser;
};

SimdjsonDecoder::SimdjsonDecoder(const std::vector<Topic>& topics)
    : parser_(std::make_unique<Parser>()), topics_(topics) {}

SimdjsonDecoder::~SimdjsonDecoder() = default;

FrameKind SimdjsonDecoder::decode(std::string_view frame) {
  try {
    const simdjson::padded_string_view padded(frame.data(), frame.size(), frame.size() + 64);
    simdjson::ondemand::document document = parser_->parser.iterate(padded);
    const std::string_view name = document["topic"];
    const Topic* topic = topics_.find(name);
    if (topic == nullptr) return FrameKind::none;
    const std::string_view type = document["type"];
    const std::int64_t ts = document["ts"];
    if (topic->isBook) {
      object data = document["data"];
      if (std::string_view(data["s"]) != topic->symbol) return FrameKind::none;
      if (!readLevels(data["b"], *topic, book.bids)) return FrameKind::none;
      if (!readLevels(data["a"], *topic, book.asks)) return FrameKind::none;
      book.u = data["u"];
      book.seq = data["seq"];
      book.topic = topic->index;
      book.isSnapshot = type == "snapshot";
      book.tsMs = ts;
      book.ctsMs = document["cts"];
      return FrameKind::book;
    }
    std::size_t count = 0;
    for (object one : document["data"].get_array()) {
      if (count == TRADES_PER_MESSAGE_MAX) return FrameKind::none;
      trade.timeMs[count] = one["T"];
      if (std::string_view(one["s"]) != topic->symbol) return FrameKind::none;
      trade.sign[count] = std::string_view(one["S"]) == "Buy" ? 1 : -1;
      const std::uint8_t* size = bytesOf(one["v"].value().raw_json_token());
      if (scanSteps(size, topic->lot, trade.lots[count]) == nullptr) return FrameKind::none;
      const std::uint8_t* price = bytesOf(one["p"].value().raw_json_token());
      if (scanSteps(price, topic->tick, trade.ticks[count]) == nullptr) return FrameKind::none;
      trade.ids[count].assign(std::string_view(one["i"]));
      trade.isBlock[count] = bool(one["BT"]) ? 1 : 0;
      trade.isRpi[count] = bool(one["RPI"]) ? 1 : 0;
      trade.seq[count] = one["seq"];
      count++;
    }
    trade.count = count;
    trade.topic = topic->index;
    trade.tsMs = ts;
    return FrameKind::trade;
  } catch (const simdjson::simdjson_error&) {
    return FrameKind::none;
  }
}
