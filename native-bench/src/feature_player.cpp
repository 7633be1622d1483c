#include "feature_player.hpp"

#include <bit>
#include <functional>
#include <map>
#include <string>

namespace {

// Of the instrument in bench/market-frames.ts.
constexpr std::int64_t BAND_TICKS = 50;

double valueOf(const Step& step) {
  return asDouble(step.unitsPerStep) / std::pow(10, step.decimals);
}

std::uint32_t wordOf(double value) {
  if (std::isnan(value)) return 0x7ff80000;
  if (std::abs(value) < 1e-9) return 0;
  return static_cast<std::uint32_t>((std::bit_cast<std::uint64_t>(value) + 0x80000000u) >> 32);
}

std::uint32_t fold(std::uint32_t checksum, const FeatureRow& row, std::size_t columns) {
  for (std::size_t i = 0; i < columns; i++) checksum = (checksum ^ wordOf(row[i])) * 0x01000193u;
  return checksum;
}

const std::int64_t* unpack(const std::int64_t* from, std::size_t count, LevelList& out) {
  std::copy_n(from, count, out.ticks.begin());
  std::copy_n(from + count, count, out.lots.begin());
  out.count = count;
  return from + 2 * count;
}

}  // namespace

FeaturePlayer::FeaturePlayer(const Tape& tape, Decoder& decoder, bool hasLevels)
    : tape_(tape),
      columns_(hasLevels ? COLUMNS_WITH_J : COLUMNS_A_TO_D),
      sequencer_(tape.topics.size()) {
  std::map<std::string, std::size_t> symbols;
  for (const Topic& topic : tape.topics) {
    const std::size_t symbol = symbols.emplace(topic.symbol, symbols.size()).first->second;
    symbolOf_.push_back(symbol);
    setups_.resize(symbols.size());
    books_.emplace_back(topic.isBook ? topic.depth : 1);
    if (!topic.isBook) continue;
    setups_[symbol] = {topic.depth, valueOf(topic.tick), valueOf(topic.lot), BAND_TICKS};
  }
  for (const std::string_view frame : tape.frames) {
    const FrameKind kind = decoder.decode(frame);
    if (kind == FrameKind::book) pack(decoder.book);
    if (kind == FrameKind::trade) pack(decoder.trade);
  }
}

void FeaturePlayer::pack(const BookMessage& m) {
  heads_.push_back({m.topic, m.isSnapshot, m.u, m.seq, m.ctsMs, m.bids.count, m.asks.count, 0});
  for (const LevelList* list : {&m.bids, &m.asks}) {
    const auto count = static_cast<std::ptrdiff_t>(list->count);
    levels_.insert(levels_.end(), list->ticks.begin(), list->ticks.begin() + count);
    levels_.insert(levels_.end(), list->lots.begin(), list->lots.begin() + count);
  }
}

void FeaturePlayer::pack(const TradeMessage& m) {
  heads_.push_back({m.topic, false, 0, 0, 0, 0, 0, m.count});
  for (std::size_t i = 0; i < m.count; i++) {
    const std::uint64_t hash = std::hash<std::string>{}(m.ids[i]);
    trades_.push_back({m.timeMs[i], m.ticks[i], m.lots[i], m.seq[i], hash, m.sign[i],
                       m.isBlock[i] != 0, m.isRpi[i] != 0});
  }
}

template <typename OnRow>
void FeaturePlayer::playWith(OnRow onRow) {
  std::vector<SymbolFeatures> features;
  for (const FeatureSetup& setup : setups_) {
    features.emplace_back(setup, columns_ == COLUMNS_WITH_J);
  }
  const std::int64_t* levels = levels_.data();
  const Trade* trade = trades_.data();
  for (const Head& head : heads_) {
    SymbolFeatures& symbol = features[symbolOf_[head.topic]];
    if (!tape_.topics[head.topic].isBook) {
      const Trade* end = trade + head.trades;
      for (; trade != end; trade++) symbol.onTrade(*trade);
      continue;
    }
    message_.topic = head.topic;
    message_.isSnapshot = head.isSnapshot;
    message_.u = head.u;
    message_.seq = head.seq;
    message_.ctsMs = head.ctsMs;
    levels = unpack(levels, head.bids, message_.bids);
    levels = unpack(levels, head.asks, message_.asks);
    Book& book = books_[head.topic];
    const Verdict verdict = sequencer_.check(message_);
    if (verdict == Verdict::snapshot) {
      book.applySnapshot(message_);
    } else if (verdict == Verdict::delta) {
      book.applyDelta(message_, index_);
    } else {
      continue;
    }
    symbol.onBook(message_, book, verdict == Verdict::snapshot);
    onRow(symbol.row());
  }
}

std::uint32_t FeaturePlayer::play() {
  std::uint32_t sum = 0;
  playWith([&](const FeatureRow& row) { sum ^= wordOf(row[MID_PRICE]); });
  return sum;
}

std::uint32_t FeaturePlayer::checksum() {
  std::uint32_t checksum = 0;
  playWith([&](const FeatureRow& row) { checksum = fold(checksum, row, columns_); });
  return checksum;
}

std::vector<double> FeaturePlayer::rows() {
  std::vector<double> rows;
  playWith([&](const FeatureRow& row) {
    rows.insert(rows.end(), row.begin(), row.begin() + static_cast<std::ptrdiff_t>(columns_));
  });
  return rows;
}
