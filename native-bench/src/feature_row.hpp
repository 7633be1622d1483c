#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

// Columns of a row in the order of the catalogue: groups A to D, then J.
enum Column : std::size_t {
  BEST_BID,
  BEST_ASK,
  MID_PRICE,
  SPREAD_ABS,
  SPREAD_TICKS,
  SPREAD_BPS,
  BID_SIZE_1,
  ASK_SIZE_1,
  BBO_AGE_MS,
  BID_DEPTH_5,
  ASK_DEPTH_5,
  BID_DEPTH_20,
  ASK_DEPTH_20,
  BID_DEPTH_BAND,
  ASK_DEPTH_BAND,
  BOOK_VWAP_DEV_BPS_20,
  BID_CONVEXITY_20,
  ASK_CONVEXITY_20,
  NS_SLOPE_20,
  IMB_1,
  IMB_5,
  IMB_20,
  IMB_BAND,
  IMB_EXP_10,
  LOG_QUEUE_RATIO,
  IMB_STREAK,
  OFI_EVENT,
  OFI_1S,
  OFI_10S,
  OFI_NORM_10S,
  MLOFI_SUM_5_10S,
  MLOFI_NORM_10_10S,
  VOLUME_DELTA_10S,
  CVD_DAY,
  TFI_10S,
  TRADE_RATE_10S,
  VOLUME_10S,
  LARGE_TRADE_SHARE_60S,
  TRADE_RUN,
  MS_SINCE_TRADE,
  HAWKES_BUY,
  HAWKES_SELL,
  HAWKES_IMB,
  COLUMNS_A_TO_D,
  ADD_BID_10S = COLUMNS_A_TO_D,
  ADD_ASK_10S,
  CANCEL_BID_10S,
  CANCEL_ASK_10S,
  FILL_BID_10S,
  FILL_ASK_10S,
  CANCEL_IMB_10S,
  FILL_RATIO_10S,
  UNMATCHED_SHARE_10S,
  LVL_LIFE_MEDIAN_60S,
  FLEETING_SHARE_60S,
  REST_CANCEL_MS_60S,
  REST_FILL_MS_60S,
  BID_AGE_DEPTH_10,
  ASK_AGE_DEPTH_10,
  SUPPORT_STRENGTH,
  SUPPORT_DIST_BPS,
  RESISTANCE_STRENGTH,
  RESISTANCE_DIST_BPS,
  COLUMNS_WITH_J,
};

using FeatureRow = std::array<double, COLUMNS_WITH_J>;

constexpr double NONE = std::numeric_limits<double>::quiet_NaN();

inline double asDouble(std::int64_t value) { return static_cast<double>(value); }

inline double ratio(double x, double y) { return y == 0 ? NONE : x / y; }

inline double imbalance(double x, double y) { return ratio(x - y, x + y); }
