#include "decoder.hpp"

#include <cstring>

namespace {

using At = const std::uint8_t*;

constexpr int NESTING_MAX = 30;
constexpr std::int64_t EXACT_MAX = 9007199254740991;  // as the TypeScript, whose numbers are doubles
constexpr int DIGITS_MAX = 18;

constexpr std::int64_t POWERS_OF_TEN[] = {1,
                                          10,
                                          100,
                                          1000,
                                          10000,
                                          100000,
                                          1000000,
                                          10000000,
                                          100000000,
                                          1000000000,
                                          10000000000,
                                          100000000000,
                                          1000000000000,
                                          10000000000000,
                                          100000000000000,
                                          1000000000000000};

// The byte before `end` is a closing brace: it ends every loop but those over strings.

inline bool isDigit(std::uint8_t byte) { return static_cast<std::uint8_t>(byte - '0') <= 9; }

inline At skipSpace(At at) {
  if (*at > ' ') return at;
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
  return at;
}

inline bool isPlain(std::uint8_t byte) { return byte >= ' ' && byte < 128 && byte != '\\'; }

inline At findQuote(At at, At end) {
  for (; at < end; at++) {
    if (*at == '"') return at;
    if (!isPlain(*at)) return nullptr;
  }
  return nullptr;
}

inline At skipToken(At at, std::uint8_t token) {
  if (*at == token) return at + 1;
  at = skipSpace(at);
  return *at == token ? at + 1 : nullptr;
}

inline At skipColon(At at) {
  at = skipToken(at, ':');
  return at == nullptr ? nullptr : skipSpace(at);
}

template <std::size_t N>
inline bool hasWord(At at, At end, const char (&word)[N]) {
  return static_cast<std::size_t>(end - at) >= N - 1 && std::memcmp(at, word, N - 1) == 0;
}

At skipString(At at, At end) {
  while (at < end) {
    const std::uint8_t byte = *at++;
    if (byte == '"') return at;
    if (byte < ' ') return nullptr;
    if (byte != '\\') continue;
    if (at >= end) return nullptr;
    const std::uint8_t escaped = *at++;
    if (escaped == 'u') {
      for (int i = 0; i < 4; i++, at++) {
        if (at >= end) return nullptr;
        const std::uint8_t low = *at | 32;
        if (!isDigit(*at) && !(low >= 'a' && low <= 'f')) return nullptr;
      }
    } else if (std::memchr("\"\\/bfnrt", escaped, 8) == nullptr) {
      return nullptr;
    }
  }
  return nullptr;
}

At skipDigits(At at) {
  const At from = at;
  while (isDigit(*at)) at++;
  return at == from ? nullptr : at;
}

At skipNumber(At at) {
  if (*at == '-') at++;
  at = *at == '0' ? at + 1 : skipDigits(at);
  if (at != nullptr && *at == '.') at = skipDigits(at + 1);
  if (at == nullptr || (*at | 32) != 'e') return at;
  at++;
  if (*at == '+' || *at == '-') at++;
  return skipDigits(at);
}

At skipScalar(At at, At end) {
  if (*at == '"') return skipString(at + 1, end);
  if (*at == '-' || isDigit(*at)) return skipNumber(at);
  if (hasWord(at, end, "true") || hasWord(at, end, "null")) return at + 4;
  return hasWord(at, end, "false") ? at + 5 : nullptr;
}

At skipAnyKey(At at, At end) {
  if (*at != '"') return nullptr;
  at = skipString(at + 1, end);
  return at == nullptr ? nullptr : skipColon(at);
}

At skipValue(At at, At end) {
  int depth = 0;
  std::uint32_t kinds = 0;
  for (;;) {
    if (*at == '{' || *at == '[') {
      if (depth == NESTING_MAX) return nullptr;
      const bool isObject = *at == '{';
      at = skipSpace(at + 1);
      if (*at != (isObject ? '}' : ']')) {
        kinds = (kinds << 1) | (isObject ? 1u : 0u);
        depth++;
        if (isObject) at = skipAnyKey(at, end);
        if (at == nullptr) return nullptr;
        continue;
      }
      at++;
    } else {
      at = skipScalar(at, end);
      if (at == nullptr) return nullptr;
    }
    for (;;) {
      if (depth == 0) return at;
      if (at >= end) return nullptr;
      at = skipSpace(at);
      if (*at == ',') break;
      if (*at != ((kinds & 1) != 0 ? '}' : ']')) return nullptr;
      at++;
      kinds >>= 1;
      depth--;
    }
    at = skipSpace(at + 1);
    if ((kinds & 1) != 0) at = skipAnyKey(at, end);
    if (at == nullptr) return nullptr;
  }
}

// A key that nobody reads. Only plain keys: an escaped one might be one that is read.
At skipKey(At at, At end) {
  if (*at != '"') return nullptr;
  const At to = findQuote(at + 1, end);
  return to == nullptr ? nullptr : skipColon(to + 1);
}

At scanInteger(At at, std::int64_t& out) {
  const bool isQuoted = *at == '"';
  if (isQuoted) at++;
  const At from = at;
  std::int64_t value = 0;
  for (; isDigit(*at) && at - from < DIGITS_MAX; at++) value = value * 10 + (*at - '0');
  if (at == from || value > EXACT_MAX || (at - from > 1 && *from == '0')) return nullptr;
  out = value;
  if (isQuoted) return *at == '"' ? at + 1 : nullptr;
  return *at == '.' || (*at | 32) == 'e' || isDigit(*at) ? nullptr : at;
}

At scanBoolean(At at, At end, std::uint8_t& out) {
  out = hasWord(at, end, "true") ? 1 : 0;
  if (out == 1) return at + 4;
  return hasWord(at, end, "false") ? at + 5 : nullptr;
}

At scanSymbol(At at, At end, const std::string& symbol) {
  const std::size_t length = symbol.size();
  if (*at != '"' || static_cast<std::size_t>(end - at) < length + 2) return nullptr;
  if (std::memcmp(at + 1, symbol.data(), length) != 0 || at[length + 1] != '"') return nullptr;
  return at + length + 2;
}

At skipRest(At at, At end) {
  while (*at == ',') {
    at = skipValue(skipSpace(at + 1), end);
    if (at == nullptr || at >= end) return nullptr;
    at = skipSpace(at);
  }
  return *at == ']' ? at : nullptr;
}

At scanLevels(At at, At end, const Topic& topic, LevelList& out) {
  if (*at != '[') return nullptr;
  std::int64_t* ticks = out.ticks.data();
  std::int64_t* lots = out.lots.data();
  std::size_t count = 0;
  out.count = 0;
  if (at[1] == ']') return at + 2;
  do {
    at = skipSpace(at + 1);
    if (*at != '[') return count == 0 && *at == ']' ? at + 1 : nullptr;
    if (count == MESSAGE_LEVELS_MAX) return nullptr;
    at = scanSteps(skipSpace(at + 1), topic.tick, ticks[count]);
    if (at == nullptr) return nullptr;
    at = skipToken(at, ',');
    if (at == nullptr) return nullptr;
    at = scanSteps(skipSpace(at), topic.lot, lots[count]);
    if (at == nullptr) return nullptr;
    if (*at != ']') at = skipRest(skipSpace(at), end);
    if (at == nullptr) return nullptr;
    count++;
    at = skipSpace(at + 1);
  } while (*at == ',');
  out.count = count;
  return *at == ']' ? at + 1 : nullptr;
}

// Keys, one bit each.
enum EnvelopeKey { TOPIC = 1, TYPE = 2, TS = 4, CTS = 8, DATA = 16 };
enum BookKey { SYMBOL = 1, BIDS = 2, ASKS = 4, U = 8, SEQ = 16 };
enum TradeKey {
  TIME = 1,
  TRADE_SYMBOL = 2,
  SIDE = 4,
  SIZE = 8,
  PRICE = 16,
  ID = 32,
  BLOCK = 64,
  RPI = 128,
  TRADE_SEQ = 256
};

struct Key {
  int bit = 0;
  int length = 0;
};

Key envelopeKey(At at, At end) {
  if (hasWord(at, end, "\"topic\"")) return {TOPIC, 7};
  if (hasWord(at, end, "\"type\"")) return {TYPE, 6};
  if (hasWord(at, end, "\"ts\"")) return {TS, 4};
  if (hasWord(at, end, "\"cts\"")) return {CTS, 5};
  if (hasWord(at, end, "\"data\"")) return {DATA, 6};
  return {};
}

Key bookKey(At at, At end) {
  if (end - at < 5 || *at != '"') return {};
  if (at[2] == '"') {
    switch (at[1]) {
      case 's':
        return {SYMBOL, 3};
      case 'b':
        return {BIDS, 3};
      case 'a':
        return {ASKS, 3};
      case 'u':
        return {U, 3};
      default:
        return {};
    }
  }
  return hasWord(at, end, "\"seq\"") ? Key{SEQ, 5} : Key{};
}

Key tradeKey(At at, At end) {
  if (end - at < 5 || *at != '"') return {};
  if (at[2] == '"') {
    switch (at[1]) {
      case 'T':
        return {TIME, 3};
      case 's':
        return {TRADE_SYMBOL, 3};
      case 'S':
        return {SIDE, 3};
      case 'v':
        return {SIZE, 3};
      case 'p':
        return {PRICE, 3};
      case 'i':
        return {ID, 3};
      default:
        return {};
    }
  }
  if (hasWord(at, end, "\"BT\"")) return {BLOCK, 4};
  if (hasWord(at, end, "\"RPI\"")) return {RPI, 5};
  return hasWord(at, end, "\"seq\"") ? Key{TRADE_SEQ, 5} : Key{};
}

std::uint32_t hashOf(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return hash ^ (hash >> 15);
}

}  // namespace

At scanSteps(At at, const Step& step, std::int64_t& out) {
  if (*at != '"') return nullptr;
  const At from = ++at;
  std::int64_t units = 0;
  for (; isDigit(*at); at++) {
    if (at - from == DIGITS_MAX) return nullptr;
    units = units * 10 + (*at - '0');
  }
  if (at == from) return nullptr;
  int missing = step.decimals;
  if (*at == '.') {
    const At first = ++at;
    for (; isDigit(*at) && missing > 0; at++, missing--) {
      if (at - from > DIGITS_MAX) return nullptr;
      units = units * 10 + (*at - '0');
    }
    while (*at == '0') at++;
    if (at == first) return nullptr;
  }
  if (*at != '"') return nullptr;
  if (missing > 0) {
    if (units > EXACT_MAX / POWERS_OF_TEN[missing]) return nullptr;
    units *= POWERS_OF_TEN[missing];
  }
  if (units > EXACT_MAX) return nullptr;
  if (step.unitsPerStep != 1) {
    if (units % step.unitsPerStep != 0) return nullptr;
    units /= step.unitsPerStep;
  }
  out = units;
  return at + 1;
}

TopicTable::TopicTable(const std::vector<Topic>& topics) : topics_(topics) {
  std::size_t slots = 64;
  while (slots < 2 * topics.size()) slots *= 2;
  slots_.assign(slots, -1);
  for (const Topic& topic : topics) {
    std::size_t slot = hashOf(topic.name) & (slots - 1);
    while (slots_[slot] != -1) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<std::int32_t>(topic.index);
  }
}

const Topic* TopicTable::find(std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hashOf(name) & mask;
  for (; slots_[slot] != -1; slot = (slot + 1) & mask) {
    const Topic& topic = topics_[static_cast<std::size_t>(slots_[slot])];
    if (topic.name == name) return &topic;
  }
  return nullptr;
}

Decoder::Decoder(const std::vector<Topic>& topics) : topics_(topics) {}

FrameKind Decoder::decode(std::string_view frame) {
  At at = reinterpret_cast<At>(frame.data());
  At end = at + frame.size();
  while (end > at && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t')) {
    end--;
  }
  if (end - at < 2 || end[-1] != '}') return FrameKind::none;
  at = skipSpace(at);
  if (*at != '{') return FrameKind::none;
  int seen = 0;
  const Topic* topic = nullptr;
  At deferred = nullptr;  // data that came before its topic
  bool isSnapshot = false;
  std::int64_t ts = 0;
  std::int64_t cts = 0;
  do {
    at = skipSpace(at + 1);
    const Key key = envelopeKey(at, end);
    if ((seen & key.bit) != 0) return FrameKind::none;
    seen |= key.bit;
    at = key.bit == 0 ? skipKey(at, end) : skipColon(at + key.length);
    if (at == nullptr) return FrameKind::none;
    switch (key.bit) {
      case TOPIC: {
        const At to = *at == '"' ? findQuote(at + 1, end) : nullptr;
        if (to == nullptr) return FrameKind::none;
        const auto* name = reinterpret_cast<const char*>(at + 1);
        topic = topics_.find(std::string_view(name, static_cast<std::size_t>(to - at - 1)));
        if (topic == nullptr) return FrameKind::none;
        at = to + 1;
        break;
      }
      case TYPE:
        isSnapshot = hasWord(at, end, "\"snapshot\"");
        if (!isSnapshot && !hasWord(at, end, "\"delta\"")) return FrameKind::none;
        at += isSnapshot ? 10 : 7;
        break;
      case TS:
        at = scanInteger(at, ts);
        break;
      case CTS:
        at = scanInteger(at, cts);
        break;
      case DATA:
        if (topic == nullptr) deferred = at;
        at = topic == nullptr ? skipValue(at, end) : scanContent(at, end, *topic);
        break;
      default:
        at = skipValue(at, end);
    }
    if (at == nullptr || at >= end) return FrameKind::none;
    at = skipSpace(at);
  } while (*at == ',');
  if (*at != '}' || at + 1 != end || topic == nullptr) return FrameKind::none;
  if (deferred != nullptr && scanContent(deferred, end, *topic) == nullptr) return FrameKind::none;
  const int required = topic->isBook ? TYPE | TS | DATA : TS | DATA;
  if ((seen & required) != required) return FrameKind::none;
  if (!topic->isBook) {
    trade.topic = topic->index;
    trade.tsMs = ts;
    return FrameKind::trade;
  }
  book.topic = topic->index;
  book.isSnapshot = isSnapshot;
  book.tsMs = ts;
  book.ctsMs = (seen & CTS) != 0 ? cts : ts;
  return FrameKind::book;
}

At Decoder::scanContent(At at, At end, const Topic& topic) {
  return topic.isBook ? scanBook(at, end, topic) : scanTrades(at, end, topic);
}

At Decoder::scanBook(At at, At end, const Topic& topic) {
  if (*at != '{') return nullptr;
  int seen = 0;
  do {
    at = skipSpace(at + 1);
    const Key key = bookKey(at, end);
    if ((seen & key.bit) != 0) return nullptr;
    seen |= key.bit;
    at = key.bit == 0 ? skipKey(at, end) : skipColon(at + key.length);
    if (at == nullptr) return nullptr;
    switch (key.bit) {
      case SYMBOL:
        at = scanSymbol(at, end, topic.symbol);
        break;
      case BIDS:
        at = scanLevels(at, end, topic, book.bids);
        break;
      case ASKS:
        at = scanLevels(at, end, topic, book.asks);
        break;
      case U:
        at = scanInteger(at, book.u);
        break;
      case SEQ:
        at = scanInteger(at, book.seq);
        break;
      default:
        at = skipValue(at, end);
    }
    if (at == nullptr || at >= end) return nullptr;
    at = skipSpace(at);
  } while (*at == ',');
  if (*at != '}' || (seen & (SYMBOL | BIDS | ASKS | U)) != (SYMBOL | BIDS | ASKS | U)) {
    return nullptr;
  }
  if ((seen & SEQ) == 0) book.seq = -1;
  return at + 1;
}

At Decoder::scanTrades(At at, At end, const Topic& topic) {
  trade.count = 0;
  if (*at != '[') return nullptr;
  at = skipSpace(at + 1);
  if (*at == ']') return at + 1;
  for (std::size_t count = 0; count < TRADES_PER_MESSAGE_MAX; count++) {
    at = scanTrade(at, end, topic, count);
    if (at == nullptr || at >= end) return nullptr;
    at = skipSpace(at);
    if (*at == ']') {
      trade.count = count + 1;
      return at + 1;
    }
    if (*at != ',') return nullptr;
    at = skipSpace(at + 1);
  }
  return nullptr;
}

At Decoder::scanTrade(At at, At end, const Topic& topic, std::size_t slot) {
  if (*at != '{') return nullptr;
  trade.isBlock[slot] = 0;
  trade.isRpi[slot] = 0;
  trade.seq[slot] = -1;
  const int required = TIME | TRADE_SYMBOL | SIDE | SIZE | PRICE | ID;
  int seen = 0;
  do {
    at = skipSpace(at + 1);
    const Key key = tradeKey(at, end);
    if ((seen & key.bit) != 0) return nullptr;
    seen |= key.bit;
    at = key.bit == 0 ? skipKey(at, end) : skipColon(at + key.length);
    if (at == nullptr) return nullptr;
    at = scanTradeField(at, end, key.bit, topic, slot);
    if (at == nullptr || at >= end) return nullptr;
    at = skipSpace(at);
  } while (*at == ',');
  return *at == '}' && (seen & required) == required ? at + 1 : nullptr;
}

At Decoder::scanTradeField(At at, At end, int key, const Topic& topic, std::size_t slot) {
  switch (key) {
    case TIME:
      return scanInteger(at, trade.timeMs[slot]);
    case TRADE_SYMBOL:
      return scanSymbol(at, end, topic.symbol);
    case SIDE:
      if (hasWord(at, end, "\"Buy\"")) {
        trade.sign[slot] = 1;
        return at + 5;
      }
      trade.sign[slot] = -1;
      return hasWord(at, end, "\"Sell\"") ? at + 6 : nullptr;
    case SIZE:
      return scanSteps(at, topic.lot, trade.lots[slot]);
    case PRICE:
      return scanSteps(at, topic.tick, trade.ticks[slot]);
    case ID: {
      const At to = *at == '"' ? findQuote(at + 1, end) : nullptr;
      if (to == nullptr) return nullptr;
      trade.ids[slot].assign(reinterpret_cast<const char*>(at + 1),
                             static_cast<std::size_t>(to - at - 1));
      return to + 1;
    }
    case BLOCK:
      return scanBoolean(at, end, trade.isBlock[slot]);
    case RPI:
      return scanBoolean(at, end, trade.isRpi[slot]);
    case TRADE_SEQ:
      return scanInteger(at, trade.seq[slot]);
    default:
      return skipValue(at, end);
  }
}
