#include "tape.hpp"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace {

constexpr std::size_t PADDING = 64;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool isOk() const { return isOk_; }
  bool isAtEnd() const { return at_ == bytes_.size(); }

  std::uint32_t word() {
    const std::string_view part = take(4);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < part.size(); i++) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(part[i])) << (8 * i);
    }
    return value;
  }

  std::string_view text() { return take(word()); }

  std::string_view take(std::size_t length) {
    if (length > bytes_.size() - at_) {
      isOk_ = false;
      return {};
    }
    at_ += length;
    return bytes_.substr(at_ - length, length);
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool isOk_ = true;
};

}  // namespace

bool readTape(const char* path, Tape& out) {
  std::ifstream file(path, std::ios::binary);
  out.bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const std::size_t length = out.bytes.size();
  out.bytes.append(PADDING, '\0');
  Reader reader(std::string_view(out.bytes).substr(0, length));
  if (reader.take(8) != "BFTAPE01") {
    std::fprintf(stderr, "%s: not a tape\n", path);
    return false;
  }
  const std::uint32_t topics = reader.word();
  for (std::uint32_t i = 0; i < topics && reader.isOk(); i++) {
    Topic topic;
    topic.index = i;
    topic.isBook = reader.word() == 0;
    topic.depth = reader.word();
    topic.tick.decimals = static_cast<int>(reader.word());
    topic.tick.unitsPerStep = reader.word();
    topic.lot.decimals = static_cast<int>(reader.word());
    topic.lot.unitsPerStep = reader.word();
    topic.name = reader.text();
    topic.symbol = reader.text();
    out.topics.push_back(std::move(topic));
  }
  const std::uint32_t frames = reader.word();
  for (std::uint32_t i = 0; i < frames && reader.isOk(); i++) out.frames.push_back(reader.text());
  if (reader.isOk() && reader.isAtEnd()) return true;
  std::fprintf(stderr, "%s: a tape that is cut off or too long\n", path);
  return false;
}
