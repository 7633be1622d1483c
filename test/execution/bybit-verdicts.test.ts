import { describe, expect, it } from 'vitest'
import {
  knownVerdicts,
  UNLISTED,
  verdictOfCode,
  verdictOfStatus,
} from '../../src/execution/gateway/bybit/verdicts.ts'

/** Code by code, by what a client must believe. */
const CLASSES = {
  ok: [0, 34040, 110025, 110026, 110043],
  ambiguous: [
    429, 10000, 10014, 10016, 10019, 10403, 10429, 20003, 20006, 500000, 110079, 170001, 170005,
    170007, 170032, 170146, 170147,
  ],
  rate_limited: [10006],
  clock: [10002],
  auth: [10003, 10004, 10005, 10007, 10008, 10009, 10010, 10027, 33004],
  gone: [110001, 110008, 110010, 170213, 170139, 170142],
  duplicate: [110072, 170141],
  definite: [
    403, 10001, 10018, 10404, 110003, 110004, 110006, 110007, 110009, 110012, 110044, 110045,
    110051, 110052, 110053, 110017, 110020, 110074, 110090, 110094, 170121, 170124, 170131, 170132,
    170133, 170136, 170137, 170140, 170193, 170194, 170810,
  ],
}

const CODES = {
  duplicate_order_link_id: [110072, 170141],
  order_unknown: [110001, 110008, 110010, 170213, 170139, 170142],
  insufficient_balance: [
    110004, 110006, 110007, 110012, 110044, 110045, 110051, 110052, 110053, 170131,
  ],
  price_refused: [110003, 170132, 170133, 170193, 170194],
  size_refused: [110090, 110094, 170124, 170136, 170137, 170140],
  nothing_to_reduce: [110017],
  open_orders_limit: [110020, 110009, 170810],
  instrument_closed: [110074, 170121],
  exchange_locked_out: [403, 10018],
  exchange_auth: [10003, 10004, 10005, 10007, 10008, 10009, 10010, 10027, 33004],
  clock_drift: [10002],
  request_refused: [10001, 10404],
}

const ACTIONS = {
  wait_reset: [10006],
  lock_out: [403, 10018],
  resync_clock: [10002],
  drop_link: [10003, 10004, 10005, 10007, 10008, 10009, 10010, 10027, 33004],
  reconnect: [10019],
  back_off: [429, 10403, 10429, 20003, 170005],
  close_symbol: [110074, 170121],
  stop_entries: [
    110004, 110006, 110007, 110012, 110044, 110045, 110051, 110052, 110053, 110020, 110009, 170131,
    170810,
  ],
}

describe('the table of codes', () => {
  it.each(Object.entries(CLASSES))('says %s of each of its codes', (name, codes) => {
    for (const code of codes) expect([code, verdictOfCode(code).class]).toEqual([code, name])
  })

  it.each(Object.entries(CODES))('names the refusal %s', (name, codes) => {
    for (const code of codes) expect([code, verdictOfCode(code).code]).toEqual([code, name])
  })

  it('asks for what it must, and for nothing else', () => {
    const expected = new Map(
      Object.entries(ACTIONS).flatMap(([action, codes]) => codes.map((code) => [code, action])),
    )
    for (const [code, { action }] of knownVerdicts()) {
      expect([code, action]).toEqual([code, expected.get(code) ?? 'none'])
    }
  })

  it('has every code in this test, and no other', () => {
    const tested = Object.values(CLASSES).flat()
    expect([...knownVerdicts().keys()].sort()).toEqual(tested.sort())
  })

  it('takes a business code it does not know as unlisted, and a system code as unknown', () => {
    expect(verdictOfCode(110999)).toMatchObject({ class: 'definite', code: 'rejected_by_exchange' })
    for (const code of [110999, 170999]) expect(verdictOfCode(code)).toBe(UNLISTED)
    for (const verdict of knownVerdicts().values()) expect(verdict).not.toBe(UNLISTED)
    for (const code of [-1, 1, 10099, 34036, Number.NaN]) {
      expect([code, verdictOfCode(code).class]).toEqual([code, 'ambiguous'])
    }
  })

  it('judges an answer without an envelope by its status', () => {
    for (const status of [200, 301, 408, 429, 500, 502, 503, 504]) {
      expect([status, verdictOfStatus(status).class]).toEqual([status, 'ambiguous'])
    }
    expect(verdictOfStatus(403)).toMatchObject({ class: 'definite', action: 'lock_out' })
    expect(verdictOfStatus(401).class).toBe('auth')
    for (const status of [400, 404, 405]) expect(verdictOfStatus(status).class).toBe('definite')
  })
})
