#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// A tape as bench/tape.ts writes it: topics, then frames.

struct Step {
  int decimals = 0;
  std::int64_t unitsPerStep = 1;
};

struct Topic {
  std::uint32_t index = 0;
  bool isBook = false;
  std::size_t depth = 0;
  Step tick;
  Step lot;
  std::string name;
  std::string symbol;
};

struct Tape {
  std::vector<Topic> topics;
  // Into `bytes`, which ends with room for readers that look ahead.
  std::vector<std::string_view> frames;
  std::string bytes;
};

// False, with a line on the error output, when the file is not such a tape.
bool readTape(const char* path, Tape& out);
