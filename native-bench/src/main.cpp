// bookflow-native TAPE MODE [PASSES]
//
// Plays a tape PASSES times after one that warms up, and prints one line of JSON: processor time of
// a message in nanoseconds and the checksum of the last pass. MODE is what is played: `decode` (the
// scanner), `apply` (sequencer and books on decoded messages), `pipeline` (both), `simdjson` (both,
// with simdjson in place of the scanner); `features` and `levels` (`apply` with trades and the
// feature rows of groups A to D, and with those of J). bench/tape-player.ts and
// bench/native-features.ts do the same in TypeScript. MODE `rows` writes the rows of `levels`
// instead, as doubles in the order of the machine.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "book.hpp"
#include "decoder.hpp"
#include "feature_player.hpp"
#include "tape.hpp"
#ifdef BOOKFLOW_SIMDJSON
#include "simdjson_decoder.hpp"
#endif

namespace {

std::uint32_t fold(std::uint32_t checksum, std::int64_t value) {
  return (checksum ^ static_cast<std::uint32_t>(value)) * 0x01000193u;
}

class Books {
 public:
  explicit Books(const Tape& tape) : sequencer_(tape.topics.size()) {
    for (const Topic& topic : tape.topics) books_.emplace_back(topic.isBook ? topic.depth : 1);
    for (const Topic& topic : tape.topics) isBook_.push_back(topic.isBook);
  }

  void apply(const BookMessage& message) {
    switch (sequencer_.check(message)) {
      case Verdict::snapshot:
        books_[message.topic].applySnapshot(message);
        break;
      case Verdict::delta:
        books_[message.topic].applyDelta(message, index_);
        break;
      default:
        break;
    }
  }

  std::uint32_t checksum() const {
    std::uint32_t checksum = 0;
    for (std::size_t i = 0; i < books_.size(); i++) {
      if (isBook_[i]) checksum = fold(checksum, books_[i].stateHash());
    }
    return checksum;
  }

 private:
  Sequencer sequencer_;
  std::vector<Book> books_;
  std::vector<bool> isBook_;
  PriceIndex index_;
};

template <typename AnyDecoder>
std::uint32_t playPipeline(const Tape& tape, AnyDecoder& decoder, Books& books) {
  for (const std::string_view frame : tape.frames) {
    if (decoder.decode(frame) == FrameKind::book) books.apply(decoder.book);
  }
  return books.checksum();
}

std::uint32_t foldBook(std::uint32_t checksum, const BookMessage& message) {
  const LevelList& bids = message.bids;
  const LevelList& asks = message.asks;
  std::int64_t sum = message.u + static_cast<std::int64_t>(bids.count * 3 + asks.count * 5);
  if (bids.count > 0) sum += bids.ticks[0] + bids.lots[0];
  if (asks.count > 0) sum += asks.ticks[asks.count - 1] + asks.lots[asks.count - 1];
  return fold(checksum, sum);
}

std::uint32_t playDecode(const Tape& tape, Decoder& decoder) {
  std::uint32_t checksum = 0;
  for (const std::string_view frame : tape.frames) {
    const FrameKind kind = decoder.decode(frame);
    if (kind == FrameKind::book) {
      checksum = foldBook(checksum, decoder.book);
    } else if (kind == FrameKind::trade) {
      const TradeMessage& trade = decoder.trade;
      const auto count = static_cast<std::int64_t>(trade.count);
      checksum = fold(checksum, trade.ticks[0] + trade.lots[0] + count);
    }
  }
  return checksum;
}

// The decoded messages of a tape, one after the other.
struct Packed {
  struct Head {
    std::uint32_t topic;
    bool isSnapshot;
    std::int64_t u;
    std::size_t bids;
    std::size_t asks;
  };
  std::vector<Head> heads;
  std::vector<std::int64_t> levels;
};

Packed pack(const Tape& tape, Decoder& decoder) {
  Packed packed;
  for (const std::string_view frame : tape.frames) {
    if (decoder.decode(frame) != FrameKind::book) continue;
    const BookMessage& m = decoder.book;
    packed.heads.push_back({m.topic, m.isSnapshot, m.u, m.bids.count, m.asks.count});
    for (const LevelList* list : {&m.bids, &m.asks}) {
      for (std::size_t i = 0; i < list->count; i++) {
        packed.levels.push_back(list->ticks[i]);
        packed.levels.push_back(list->lots[i]);
      }
    }
  }
  return packed;
}

const std::int64_t* unpack(const std::int64_t* from, std::size_t count, LevelList& out) {
  for (std::size_t i = 0; i < count; i++) {
    out.ticks[i] = *from++;
    out.lots[i] = *from++;
  }
  out.count = count;
  return from;
}

std::uint32_t playApply(const Packed& packed, BookMessage& message, Books& books) {
  const std::int64_t* from = packed.levels.data();
  for (const Packed::Head& head : packed.heads) {
    message.topic = head.topic;
    message.isSnapshot = head.isSnapshot;
    message.u = head.u;
    from = unpack(from, head.bids, message.bids);
    from = unpack(from, head.asks, message.asks);
    books.apply(message);
  }
  return books.checksum();
}

double processorNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

template <typename Play, typename Check>
void measure(const Tape& tape, long passes, Play play, Check check) {
  std::uint32_t checksum = play();
  const double from = processorNs();
  for (long i = 0; i < passes; i++) checksum = play();
  const double ns = (processorNs() - from) / static_cast<double>(passes);
  const double perMessage = ns / static_cast<double>(tape.frames.size());
  std::printf("{\"message_ns\":%.3f,\"checksum\":%u}\n", perMessage, check(checksum));
}

template <typename Play>
void measure(const Tape& tape, long passes, Play play) {
  measure(tape, passes, play, [](std::uint32_t last) { return last; });
}

void measureFeatures(const Tape& tape, long passes, FeaturePlayer player) {
  // Looking at every value takes as long as computing it, so that is done once.
  const auto check = [&](std::uint32_t) { return player.checksum(); };
  measure(tape, passes, [&] { return player.play(); }, check);
}

void writeRows(FeaturePlayer player) {
  const std::vector<double> rows = player.rows();
  std::fwrite(rows.data(), sizeof(double), rows.size(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[2] : "";
  const long passes = argc > 3 ? std::strtol(argv[3], nullptr, 10) : 1;
  if (argc < 3 || argc > 4 || passes < 1) {
    std::fprintf(stderr,
                 "usage: bookflow-native TAPE decode|apply|pipeline|simdjson|features|levels|rows "
                 "[PASSES]\n");
    return 2;
  }
  Tape tape;
  if (!readTape(argv[1], tape)) return 1;
  Decoder decoder(tape.topics);
  Books books(tape);
  if (mode == "decode") {
    measure(tape, passes, [&] { return playDecode(tape, decoder); });
  } else if (mode == "pipeline") {
    measure(tape, passes, [&] { return playPipeline(tape, decoder, books); });
  } else if (mode == "apply") {
    const Packed packed = pack(tape, decoder);
    BookMessage message = makeBookMessage();
    measure(tape, passes, [&] { return playApply(packed, message, books); });
  } else if (mode == "features" || mode == "levels") {
    measureFeatures(tape, passes, FeaturePlayer(tape, decoder, mode == "levels"));
  } else if (mode == "rows") {
    writeRows(FeaturePlayer(tape, decoder, true));
  } else if (mode == "simdjson") {
#ifdef BOOKFLOW_SIMDJSON
    SimdjsonDecoder other(tape.topics);
    measure(tape, passes, [&] { return playPipeline(tape, other, books); });
#else
    std::printf("{\"missing\":\"simdjson\"}\n");
#endif
  } else {
    std::fprintf(stderr, "bookflow-native: no mode %s\n", mode.c_str());
    return 2;
  }
  return 0;
}
