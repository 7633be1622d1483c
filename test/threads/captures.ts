import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Folder of real recordings, which are not part of the repository; tests that need it skip where it
 * is absent.
 */
export const DATA = process.env.BOOKFLOW_DATA ?? join(import.meta.dirname, '../../../shared/data')
export const HAS_DATA = existsSync(DATA)

export const BYBIT_CAPTURES = [
  'bybit-v5-ws/linear_BTCUSDT-SOLUSDT_depth200_20260809.jsonl.gz',
  'bybit-v5-ws/spot_ETHUSDT_depth200_20260809.jsonl.gz',
  'bybit-v5-ws/linear_orderbook1_20250613.ws.1.0.gz',
  'bybit-v5-archive/xrpusdt-ob500.data.zip',
].map((path) => join(DATA, path))
