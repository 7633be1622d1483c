import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualTimers } from '../../src/core/timer.ts'
import type { Category } from '../../src/domain/instrument.ts'
import { expectedRate } from '../../src/feed/bybit/expected-rate.ts'
import { InstrumentWatch } from '../../src/feed/bybit/instrument-watch.ts'
import { type LoadInstrumentsOptions, loadInstruments } from '../../src/feed/bybit/instruments.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { hasCaptures } from './capture.ts'
import { until } from './pool-harness.ts'
import {
  clock,
  createClient,
  type ListedInstrument,
  RestExchange,
  readInstrumentRows,
} from './rest-exchange.ts'

let exchange: RestExchange
let folder: string
let warnings: { msg: string; [key: string]: unknown }[]
let log: Logger

beforeEach(async () => {
  exchange = await RestExchange.start()
  folder = temporaryFolder('instruments')
  warnings = []
  log = pino({ level: 'warn' }, { write: (line: string) => warnings.push(JSON.parse(line)) })
})

afterEach(async () => {
  await exchange.stop()
  rmSync(folder, { recursive: true, force: true })
})

function row(symbol: string, fields: object = {}, lot: object = {}): ListedInstrument {
  return {
    symbol,
    status: 'Trading',
    contractType: 'LinearPerpetual',
    quoteCoin: 'USDT',
    priceFilter: { tickSize: '0.10' },
    lotSizeFilter: {
      qtyStep: '0.001',
      minOrderQty: '0.001',
      maxOrderQty: '1190.000',
      minNotionalValue: '5',
      ...lot,
    },
    ...fields,
  }
}

function ticker(symbol: string, lastPrice: string, turnover24h: string, volume24h: string) {
  return { symbol, lastPrice, turnover24h, volume24h }
}

function load(overrides: Partial<LoadInstrumentsOptions> = {}) {
  return loadInstruments({
    client: createClient(exchange.url, { attemptsMax: 1 }),
    category: 'linear',
    symbols: ['BTCUSDT'],
    overrides: {},
    cacheFile: join(folder, 'deep', 'instruments.json'),
    clock,
    log,
    ...overrides,
  })
}

const DOWN = 'http://127.0.0.1:1'

describe.skipIf(!hasCaptures)('the recorded lists of the exchange', () => {
  function serve(category: Category): ListedInstrument[] {
    const rows = readInstrumentRows(category)
    exchange.instruments = rows
    return rows
  }

  it.each(['linear', 'spot'] as const)('become instruments, all of them: %s', async (category) => {
    const rows = serve(category)
    for (let from = 0; from < rows.length; from += 256) {
      const part = rows.slice(from, from + 256)
      const symbols = part.map(({ symbol }) => symbol)
      const loaded = await load({ category, symbols, cacheFile: undefined })
      if (!loaded.ok) throw new Error(loaded.message)
      expect(loaded.value.source).toBe('exchange')
      for (const [at, instrument] of loaded.value.instruments.entries()) {
        const { lotSizeFilter: lot, priceFilter } = part[at]
        expect(instrument).toMatchObject({ index: at, symbol: part[at].symbol, category })
        expect(instrument.tick.value).toBe(Number(priceFilter.tickSize))
        expect(instrument.lot.value).toBe(Number(lot.qtyStep ?? lot.basePrecision))
        const least = Number(lot.minOrderQty)
        expect(instrument.minOrderLots * instrument.lot.value).toBeCloseTo(least, 10)
        expect(instrument.minNotionalQuote).toBe(Number(lot.minNotionalValue ?? lot.minOrderAmt))
      }
    }
    const pages = Math.ceil(rows.length / 200)
    const asked = exchange.requests.filter(({ pathname }) => pathname.endsWith('instruments-info'))
    expect(asked.length).toBe(pages * Math.ceil(rows.length / 256))
    expect(asked[0].searchParams.get('limit')).toBe('1000')
  })

  it('round a limit that is no whole number of lots to the safe side', async () => {
    serve('spot')
    const loaded = await load({ category: 'spot', symbols: ['VERONAUSDT'] })
    if (!loaded.ok) throw new Error(loaded.message)
    // "200000.04000000004" at a step of 0.1
    expect(loaded.value.instruments[0].maxOrderLots).toBe(2_000_000)
  })
})

describe('loading instruments', () => {
  beforeEach(() => {
    exchange.instruments = [row('BTCUSDT'), row('ETHUSDT'), row('ETHBTC', { quoteCoin: 'BTC' })]
    exchange.tickers = [ticker('BTCUSDT', '65114.30', '1142118412.9', '17573.912')]
  })

  it('makes ticks, lots and limits, and chooses feature parameters from the ticker', async () => {
    const loaded = await load({ symbols: ['ETHUSDT', 'BTCUSDT'] })
    if (!loaded.ok) throw new Error(loaded.message)
    const [eth, btc] = loaded.value.instruments
    expect(btc).toEqual({
      index: 1,
      symbol: 'BTCUSDT',
      category: 'linear',
      tick: { text: '0.10', decimals: 1, unitsPerStep: 1, value: 0.1 },
      lot: { text: '0.001', decimals: 3, unitsPerStep: 1, value: 0.001 },
      minOrderLots: 1,
      maxOrderLots: 1_190_000,
      minNotionalQuote: 5,
      // 10 bps of 65,114.30 are 651 ticks; a fiftieth of 17,573.912 is 351.478.
      features: { bandTicks: 651, refNotionalQuote: '10000', vpinBucketBase: '350.000' },
    })
    expect(eth.features).toEqual({
      bandTicks: 10,
      refNotionalQuote: '10000',
      vpinBucketBase: '1.000',
    })
    expect(loaded.value.rates.get('BTCUSDT')).toBeCloseTo(expectedRate(1142118412.9, 20), 9)
    expect(loaded.value.rates.get('ETHUSDT')).toBe(1)
  })

  it('takes ten thousand dollars in the quote currency where that is no dollar', async () => {
    const lot = { qtyStep: undefined, basePrecision: '0.0001', maxLimitOrderQty: '7' }
    exchange.instruments.push(row('SOLBTC', { quoteCoin: 'BTC', contractType: undefined }, lot))
    const price = { lastPrice: '0.0011', usdIndexPrice: '77.31' }
    exchange.tickers.push({ ...ticker('SOLBTC', '', '5', '4000'), ...price })
    const loaded = await load({ category: 'spot', symbols: ['SOLBTC'] })
    if (!loaded.ok) throw new Error(loaded.message)
    expect(loaded.value.instruments[0]).toMatchObject({
      maxOrderLots: 70_000,
      lot: { value: 0.0001 },
      features: { refNotionalQuote: '0.1', bandTicks: 2, vpinBucketBase: '80.0000' },
    })
  })

  it('lets the configuration win, field by field', async () => {
    const loaded = await load({
      overrides: {
        BTCUSDT: {
          tickSize: '0.5',
          maxOrderQty: '2',
          bandTicks: 1,
          refNotionalQuote: '60000',
          vpinBucketBase: '1.2',
        },
      },
    })
    if (!loaded.ok) throw new Error(loaded.message)
    expect(loaded.value.instruments[0]).toMatchObject({
      tick: { value: 0.5 },
      lot: { value: 0.001 },
      maxOrderLots: 2000,
      features: { bandTicks: 1, refNotionalQuote: '60000', vpinBucketBase: '1.2' },
    })
  })

  it.each([
    [{ tickSize: '0' }, 'instruments.BTCUSDT.tick_size: "0" cannot be used'],
    [{ qtyStep: '1e-3' }, 'instruments.BTCUSDT.qty_step: "1e-3" cannot be used'],
    [{ minOrderQty: 'x' }, 'instruments.BTCUSDT.min_order_qty: "x" cannot be used'],
    [{ minNotional: '-1' }, 'instruments.BTCUSDT.min_notional: "-1" cannot be used'],
    [{ refNotionalQuote: '0' }, 'instruments.BTCUSDT.ref_notional: "0" cannot be used'],
    [{ vpinBucketBase: '0.0005' }, 'instruments.BTCUSDT.vpin_bucket_qty: "0.0005" cannot be used'],
  ])('refuses the override %j by its key', async (override, text) => {
    const loaded = await load({ overrides: { BTCUSDT: override } })
    expect(loaded).toMatchObject({ code: 'config_invalid' })
    expect(!loaded.ok && loaded.message).toContain(text)
  })

  it('names every unknown symbol, with the nearest known one', async () => {
    expect(await load({ symbols: ['BTCUDST', 'ETHUSDT', 'NOSUCHCOIN'] })).toEqual({
      ok: false,
      code: 'instrument_unknown',
      message:
        'symbols: BTCUDST is not listed in linear, did you mean BTCUSDT?; NOSUCHCOIN is not listed in linear',
    })
  })

  it.each([
    [[], '0 of them'],
    [['BTCUSDT', 'ETHUSDT', 'BTCUSDT'], 'BTCUSDT is there twice'],
    [{ top: 257 }, '257 of them'],
  ])('refuses symbols %j', async (symbols, text) => {
    const loaded = await load({ symbols })
    expect(loaded).toMatchObject({ code: 'config_invalid', message: expect.stringContaining(text) })
  })

  it('says which field of which symbol the exchange got wrong', async () => {
    exchange.instruments = [row('BTCUSDT', { priceFilter: { tickSize: '1e-1' } })]
    expect(await load()).toEqual({
      ok: false,
      code: 'exchange_answer_invalid',
      message:
        'BTCUSDT: the exchange states tick_size as "1e-1", set instruments.BTCUSDT.tick_size in the configuration',
    })
  })

  it('warns of a symbol that is not trading, and keeps it', async () => {
    exchange.instruments = [row('BTCUSDT', { status: 'PreLaunch' })]
    expect((await load()).ok).toBe(true)
    expect(warnings).toMatchObject([{ msg: 'symbol is not trading', status: 'PreLaunch' }])
  })
})

describe('the top symbols by turnover', () => {
  beforeEach(() => {
    const dated = { contractType: 'LinearFutures' }
    exchange.instruments = [
      row('AUSDT'),
      row('BUSDT'),
      row('CUSDC', { quoteCoin: 'USDC' }),
      row('DEUR', { quoteCoin: 'EUR' }),
      row('BTCUSDT-26SEP25', dated),
      row('GONEUSDT', { status: 'Closed' }),
      row('ODDUSDT', { priceFilter: { tickSize: '?' } }),
    ]
    exchange.tickers = exchange.instruments.map(({ symbol }, at) =>
      ticker(symbol, '1', String(1000 * at), '100'),
    )
  })

  it('are traded now, endless and in dollars', async () => {
    const loaded = await load({ symbols: { top: 2 } })
    if (!loaded.ok) throw new Error(loaded.message)
    // ODDUSDT has the largest turnover of those, and a tick that nobody can read: left out, and
    // said so.
    expect(loaded.value.instruments.map(({ symbol }) => symbol)).toEqual(['CUSDC'])
    expect(loaded.value.instruments.map(({ index }) => index)).toEqual([0])
    expect(warnings).toMatchObject([{ msg: 'symbol left out', symbol: 'ODDUSDT' }])
  })

  it('come with those in which something of ours is open, where the exchange has them', async () => {
    const held = ['BUSDT', 'CUSDC', 'NEVERUSDT']
    const loaded = await load({ symbols: { top: 2 }, held })
    if (!loaded.ok) throw new Error(loaded.message)
    expect(loaded.value.instruments.map(({ index, symbol }) => [index, symbol])).toEqual([
      [0, 'CUSDC'],
      [1, 'BUSDT'],
    ])
    expect(warnings).toMatchObject([
      { msg: expect.stringMatching(/^followed too/), symbols: ['BUSDT'] },
      { msg: 'symbol left out', symbol: 'ODDUSDT' },
    ])
    const named = await load({ symbols: ['CUSDC'], held })
    expect(named.ok && named.value.instruments.map(({ symbol }) => symbol)).toEqual(['CUSDC'])
  })

  it('are all there are when fewer than asked for', async () => {
    const loaded = await load({ symbols: { top: 200 } })
    if (!loaded.ok) throw new Error(loaded.message)
    expect(loaded.value.instruments.map(({ symbol }) => symbol)).toEqual([
      'CUSDC',
      'BUSDT',
      'AUSDT',
    ])
  })

  it('are not guessed without tickers', async () => {
    exchange.tickers = []
    expect(await load({ symbols: { top: 2 } })).toMatchObject({
      code: 'exchange_answer_invalid',
      message: expect.stringContaining('needs tickers'),
    })
  })
})

describe('the cache of instruments', () => {
  beforeEach(() => {
    exchange.instruments = [row('BTCUSDT')]
    exchange.tickers = [ticker('BTCUSDT', '65000', '1000000000', '17000')]
  })

  it('serves the same instruments while the exchange is away, with a warning', async () => {
    const fresh = await load()
    exchange.overrides.set('/v5/market/instruments-info', (_url, response) => response.destroy())
    clock.advance(3_600e6)
    const cached = await load()
    if (!fresh.ok || !cached.ok) throw new Error('not loaded')
    expect(cached.value.source).toBe('cache')
    expect(cached.value.instruments).toEqual(fresh.value.instruments)
    expect(cached.value.rates).toEqual(fresh.value.rates)
    expect(warnings).toMatchObject([{ msg: 'instruments from the cache', ageMs: 3_600_000 }])
  })

  it('leaves one whole file and no other behind', async () => {
    await load()
    await load()
    expect(readdirSync(join(folder, 'deep'))).toEqual(['instruments.json'])
    const cache = JSON.parse(readFileSync(join(folder, 'deep', 'instruments.json'), 'utf8'))
    expect(cache).toMatchObject({ version: 1, base_url: exchange.url, category: 'linear' })
  })

  it.each([
    ['another exchange', { base_url: 'http://elsewhere' }],
    ['another category', { category: 'spot' }],
    ['another version', { version: 2 }],
  ])('is not used when it is of %s', async (_name, change) => {
    await load()
    const file = join(folder, 'deep', 'instruments.json')
    const cache = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...cache, ...change }))
    exchange.overrides.set('/v5/market/instruments-info', (_url, response) => response.destroy())
    expect(await load()).toMatchObject({ ok: false, code: 'exchange_unreachable' })
  })

  it('is not used when half of it is missing', async () => {
    await load()
    const file = join(folder, 'deep', 'instruments.json')
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 200))
    expect(await load({ client: createClient(DOWN, { attemptsMax: 1 }) })).toMatchObject({
      ok: false,
      code: 'exchange_unreachable',
    })
  })

  it('keeps the tickers when only those are missing', async () => {
    const fresh = await load()
    exchange.overrides.set('/v5/market/tickers', (_url, response) => response.destroy())
    const second = await load()
    if (!fresh.ok || !second.ok) throw new Error('not loaded')
    expect(second.value.source).toBe('exchange')
    expect(second.value.instruments).toEqual(fresh.value.instruments)
  })

  it('is a convenience: a folder that cannot be written is a warning', async () => {
    writeFileSync(join(folder, 'file'), '')
    const loaded = await load({ cacheFile: join(folder, 'file', 'instruments.json') })
    expect(loaded.ok).toBe(true)
    expect(warnings).toMatchObject([{ msg: 'instruments not cached' }])
    expect(existsSync(join(folder, 'file', 'instruments.json'))).toBe(false)
  })

  it('is not needed when the configuration knows enough', async () => {
    const client = createClient(DOWN, { attemptsMax: 1 })
    const overrides = { BTCUSDT: { tickSize: '0.1', qtyStep: '0.001' } }
    const loaded = await load({ client, overrides, cacheFile: undefined })
    expect(loaded).toMatchObject({ ok: true, value: { source: 'override' } })
    const none = await load({ client, overrides: {}, cacheFile: undefined })
    expect(none).toMatchObject({ ok: false, code: 'exchange_unreachable' })
  })
})

describe('watching the instruments', () => {
  it('tells each change of a filter once, and leaves alone what the configuration fixes', async () => {
    exchange.instruments = [row('BTCUSDT'), row('ETHUSDT')]
    const overrides = { ETHUSDT: { tickSize: '0.1' } }
    const loaded = await load({ symbols: ['BTCUSDT', 'ETHUSDT'], overrides })
    if (!loaded.ok) throw new Error(loaded.message)
    const timers = new ManualTimers()
    const seen: unknown[] = []
    const watch = new InstrumentWatch({
      client: createClient(exchange.url, { attemptsMax: 1 }),
      category: 'linear',
      overrides,
      cacheFile: undefined,
      clock,
      log,
      timers,
      periodMs: 60_000,
      filters: loaded.value.filters,
      onChanges: (changes) => seen.push(...changes),
    })
    expect(await watch.refresh()).toEqual({ ok: true, value: [] })
    const coarse = { priceFilter: { tickSize: '0.50' } }
    exchange.instruments = [
      row('BTCUSDT', coarse, { minOrderQty: '0.0010' }),
      row('ETHUSDT', coarse),
    ]
    watch.start()
    timers.advance(60_000)
    await until(() => seen.length > 0)
    const change = { symbol: 'BTCUSDT', field: 'tickSize', before: '0.10', after: '0.50' }
    expect(seen).toEqual([change])
    expect(await watch.refresh()).toEqual({ ok: true, value: [] })

    exchange.instruments = [row('BTCUSDT', { ...coarse, status: 'Delivering' })]
    expect(await watch.refresh()).toEqual({
      ok: true,
      value: [
        { symbol: 'BTCUSDT', field: 'status', before: 'Trading', after: 'Delivering' },
        { symbol: 'ETHUSDT', field: 'listed', before: 'yes', after: 'no' },
      ],
    })
    const { length } = exchange.requests
    watch.stop()
    timers.advance(600_000)
    expect(exchange.requests).toHaveLength(length)
  })
})
