import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { Random, systemSeed } from '../core/random.ts'
import type { Result } from '../core/result.ts'
import { systemTimers } from '../core/timer.ts'
import type { Instrument } from '../domain/instrument.ts'
import { readOpenKeys } from '../execution/journal/open-keys.ts'
import type { InstrumentOverride } from '../feed/bybit/instrument-row.ts'
import { InstrumentWatch } from '../feed/bybit/instrument-watch.ts'
import {
  type LoadedInstruments,
  type LoadFailureCode,
  loadInstruments,
} from '../feed/bybit/instruments.ts'
import { fetchOrderBook, type RestBook } from '../feed/bybit/rest-book.ts'
import { RestClient, type RestFailureCode } from '../feed/bybit/rest-client.ts'
import { fetchServerTimeOffset } from '../feed/bybit/rest-market.ts'

const REFRESH_PERIOD_MS = 3_600_000
const TIME_PERIOD_MS = 60_000

/**
 * The exchange's public REST side for the main thread: instruments at start, and from time to time
 * a look whether they changed and how far our clock is off.
 */
export class InstrumentSource {
  readonly #config: Config
  readonly #log: Logger
  readonly #client: RestClient
  #watch: InstrumentWatch | undefined
  #cancelTime = () => {}
  /** Our clock minus the exchange's, in seconds; undefined while unknown. */
  timeDriftSeconds: number | undefined

  constructor(config: Config, log: Logger) {
    this.#config = config
    this.#log = log
    this.#client = new RestClient({
      baseUrl: config.exchange.rest_url,
      fetch,
      clock: systemClock,
      timers: systemTimers,
      random: new Random(systemSeed()),
      log,
    })
  }

  load(): Promise<Result<LoadedInstruments, LoadFailureCode>> {
    const { symbols } = this.#config
    return loadInstruments({ ...this.#common(), symbols, held: this.#held() })
  }

  /** Named symbols stay as they are named; those of the largest turnover change from day to day. */
  #held(): readonly string[] {
    const { data_folder: folder, exchange, symbols } = this.#config
    if (!('top' in symbols)) return []
    const prefix = `${exchange.category}:`
    const keys = [...readOpenKeys(folder)].filter((key) => key.startsWith(prefix))
    return keys.map((key) => key.slice(prefix.length))
  }

  /** The exchange's book at this moment, at most `depth` levels a side. */
  fetchBook(instrument: Instrument, depth: number): Promise<Result<RestBook, RestFailureCode>> {
    return fetchOrderBook(this.#client, instrument, depth)
  }

  start(loaded: LoadedInstruments): void {
    this.#watch = new InstrumentWatch({
      ...this.#common(),
      timers: systemTimers,
      periodMs: REFRESH_PERIOD_MS,
      filters: loaded.filters,
      onChanges: () => {}, // the watch has logged them; a restart takes them over
    })
    this.#watch.start()
    void this.#measureTime()
    this.#cancelTime = systemTimers.every(TIME_PERIOD_MS, () => void this.#measureTime())
  }

  stop(): void {
    this.#watch?.stop()
    this.#cancelTime()
    this.#client.close()
  }

  async #measureTime(): Promise<void> {
    const offset = await fetchServerTimeOffset(this.#client, systemClock)
    this.timeDriftSeconds = offset.ok ? -offset.value.offsetUs / 1e6 : undefined
    if (!offset.ok)
      this.#log.warn({ reason: offset.message }, 'clock not compared with the exchange')
  }

  #common() {
    const { data_folder: folder, exchange, instruments } = this.#config
    return {
      client: this.#client,
      category: exchange.category,
      overrides: overridesOf(instruments),
      cacheFile: join(folder, `instruments-${exchange.category}.json`),
      clock: systemClock,
      log: this.#log,
    }
  }
}

function overridesOf(instruments: Config['instruments']): Record<string, InstrumentOverride> {
  return Object.fromEntries(
    Object.entries(instruments).map(([symbol, override]) => [
      symbol,
      {
        tickSize: override.tick_size,
        qtyStep: override.qty_step,
        minOrderQty: override.min_order_qty,
        maxOrderQty: override.max_order_qty,
        minNotional: override.min_notional,
        bandTicks: override.band_ticks,
        refNotionalQuote: override.ref_notional,
        vpinBucketBase: override.vpin_bucket_qty,
      },
    ]),
  )
}
