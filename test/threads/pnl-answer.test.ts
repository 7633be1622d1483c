import { Ajv } from 'ajv'
import { expect, it } from 'vitest'
import { AUDIT_RING_SLOTS } from '../../src/constants.ts'
import { type PnlAnswer, PnlSchema } from '../../src/control/pnl-schema.ts'
import { PNL_METHODS, type PnlMethod } from '../../src/domain/pnl.ts'
import { countFunding } from '../../src/execution/external-count.ts'
import { AUDIT_FIELDS } from '../../src/memory/audit-record.ts'
import { BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { createEngineMemory } from '../../src/threads/engine-memory.ts'
import { positionAnswers } from '../../src/threads/engine-ports.ts'
import { MarketWatch } from '../../src/threads/market-watch.ts'
import { pnlAnswer } from '../../src/threads/pnl-answer.ts'
import { TradingFold } from '../../src/threads/trading-fold.ts'
import { Rig } from '../execution/rig.ts'

const isAnswer = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(PnlSchema)

/** What the control API knows after these audit records. */
function foldOf(rig: Rig): TradingFold {
  const ring = createBroadcast(AUDIT_RING_SLOTS, AUDIT_FIELDS)
  const writer = new BroadcastWriter(ring)
  const fold = new TradingFold(ring, rig.instruments)
  for (const record of rig.audits) writer.publish(record)
  fold.update()
  return fold
}

function watchOf(rig: Rig): MarketWatch {
  return new MarketWatch(createEngineMemory(rig.instruments.length, 1, 50), rig.instruments)
}

function answerOf(rig: Rig, method: PnlMethod): PnlAnswer {
  return pnlAnswer(foldOf(rig), watchOf(rig), method)
}

it.each(PNL_METHODS)(
  'profit by %s is the same before and after a restart, and adds up',
  async (pnlMethod) => {
    const limits = {
      ...new Rig().options.limits,
      riskPerTradeFractionMax: Number.POSITIVE_INFINITY,
    }
    const options = { limits, pnlMethod }
    const rig = new Rig({ options })
    await rig.start()
    for (const mid of [10_000, 10_040, 9_990]) {
      rig.quote(0, mid)
      rig.quote(1, mid)
      rig.enter(0, 'enter_long', mid + 10, { notional: 100 })
      rig.enter(1, 'enter_short', mid - 10, { notional: 50, holdMs: 20 })
      await rig.pass(100)
    }
    const funding = { execId: 'f', key: 'linear:S1USDT', feeQuote: -0.5, timeUs: rig.clock.nowUs() }
    expect(countFunding(rig.ledger, funding, rig.clock.nowUs())).toBe(true)
    await rig.pass(1100)
    const before = answerOf(rig, pnlMethod)
    expect(isAnswer(before), JSON.stringify(isAnswer.errors)).toBe(true)
    const { state } = rig
    expect(before.method).toBe(pnlMethod)
    expect(before.total.fees_quote).toBeGreaterThan(0)
    expect(before.total.funding_quote).toBe(-0.5)
    expect(before.total.unrealized_pnl_quote).toBeNull() // the books of this memory are empty
    expect(before.total.equity_quote).toBeCloseTo(rig.actor.exposures.equityQuote(), 6)
    // One word has one meaning in all answers.
    const positions = positionAnswers(foldOf(rig), watchOf(rig))
    expect(positions).toHaveLength(2)
    expect(positions).toMatchObject(
      before.symbols.map(({ fees_quote, funding_quote, realized_pnl_quote, symbol }) => {
        return { symbol, realized_pnl_quote, fees_quote, funding_quote }
      }),
    )
    for (const part of [before.symbols, before.strategies, before.days]) {
      for (const figure of [
        'realized_pnl_quote',
        'fees_quote',
        'funding_quote',
        'net_pnl_quote',
      ] as const) {
        const sum = part.reduce((all, line) => all + line[figure], 0)
        expect(sum, figure).toBeCloseTo(before.total[figure], 9)
      }
    }
    if (pnlMethod === 'average') {
      expect(before.total.net_pnl_quote).toBeCloseTo(state.realizedQuote(), 9)
    }
    expect(before.days.map(({ date }) => date)).toEqual(['2025-11-21'])
    expect(before.strategies.map(({ strategy }) => strategy)).toEqual(['strategy_0'])
    expect(before.margin).toMatchObject({ source: 'model', orders_quote: 0 })
    expect(before.margin?.used_quote).toBe(before.margin?.initial_quote)

    await rig.actor.stop()
    const records = rig.memory.records
    const again = new Rig({ options, records, run: 2, clock: rig.clock, books: rig.books })
    await again.start()
    await again.pass(1100)
    const after = answerOf(again, pnlMethod)
    expect(after.symbols).toEqual(before.symbols)
    expect(after.strategies).toEqual(before.strategies)
    expect(after.days).toEqual(before.days)
  },
)
