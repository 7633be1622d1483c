#!/bin/sh
# Writes the feature lines that train.py reads: extract.sh RECORDINGS OUT
# RECORDINGS is the folder with the captures by origin (binance-raw, binance-cryptofeed, bybit-v5-ws, ...).
set -eu
recordings=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
bookflow=$here/../../bin/bookflow.js
mkdir -p "$out"

features() {
  name=$1
  shift
  echo "$name"
  node "$bookflow" features "$@" --out "$out/$name.jsonl"
}

raw=$recordings/binance-raw
features binance_usdm_20240808 "$raw/usdm_btcusdt_20240808.gz"
features binance_cm_20240808 "$raw/cm_btcusd_perp_20240808.gz" "$raw/cm_btcusd_perp_20240809.gz"
features binance_spot_20240808 "$raw/spot_btcusdt_20240808.gz" "$raw/spot_btcusdt_20240809.gz"
features binance_usdm_20240718 "$raw/usdm_btcusdt_20240718.gz" "$raw/usdm_btcusdt_20240719.gz"
features cryptofeed_usdm_2021 "$recordings/binance-cryptofeed/BINANCE_FUTURES.jsonl.gz"
features cryptofeed_spot_2021 "$recordings/binance-cryptofeed/BINANCE.jsonl.gz"
features bybit_linear_2026 "$recordings/bybit-v5-ws/linear_BTCUSDT-SOLUSDT_depth200_20260809.jsonl.gz"
features bybit_spot_2026 "$recordings/bybit-v5-ws/spot_ETHUSDT_depth200_20260809.jsonl.gz"
features bybit_level1_2025 "$recordings/bybit-v5-ws/linear_orderbook1_20250613.ws.1.0.gz"
features bybit_xrp_2024 "$recordings/bybit-v5-archive/xrpusdt-ob500.data.zip"

ethbtc=$recordings/binance-ethbtc-2020/2020-11-01T09-00-00
python3 "$here/flatten_arrays.py" "${ethbtc}_snapshot.json.gz" "${ethbtc}_update.json.gz" \
  "${ethbtc}_trades.json.gz" "$out/ethbtc.lines"
features binance_ethbtc_2020 "$out/ethbtc.lines"
