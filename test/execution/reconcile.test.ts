import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORDER_STATES } from '../../src/domain/trading.ts'
import type { Execution, RemoteOrder } from '../../src/execution/gateway/gateway.ts'
import { isFinished, nextOrderState } from '../../src/execution/order/order-state.ts'
import {
  type Answer,
  areEqual,
  type LocalOrder,
  type Proof,
  reconcileOrder,
  strayOrders,
  WHOLE_PROOF,
} from '../../src/execution/reconcile/reconcile.ts'

const LOTS = 10
const NO_PROOF: Proof = { isMissing: false, terms: 'nothing' }
const TERMS = { limitTicks: 10, lots: LOTS, amended: undefined }

function execution(number: number, lots: number): Execution {
  return {
    orderLinkId: 'bf-1-1',
    execId: `bfx-1-${number}`,
    execNumber: number,
    ticks: 100,
    lots,
    feeQuote: 0,
    isMaker: false,
    timeUs: 0,
  }
}

/** What the actor does with the actions. */
function apply(local: LocalOrder, reply: Answer, proof: Proof): LocalOrder {
  let { amended, state, filledLots, limitTicks, lots } = local
  const execIds = new Set(local.execIds)
  for (const action of reconcileOrder(local, reply, proof)) {
    if (action.type === 'terms') {
      ;({ limitTicks, lots } = action.terms)
      continue
    }
    let event = action.type === 'event' ? action.event : undefined
    if (action.type === 'count') {
      expect(execIds.has(action.execution.execId)).toBe(false)
      execIds.add(action.execution.execId)
      filledLots += action.execution.lots
      event = filledLots >= Math.max(lots, amended?.lots ?? 0) ? 'complete' : 'fill'
    }
    const next = event === undefined ? undefined : nextOrderState(state, event)
    if (next === undefined) throw new Error(`${event} from ${state}`)
    if (event === 'amend' && amended !== undefined) ({ limitTicks, lots } = amended)
    if (event === 'amend' || event === 'rejectAmend') amended = undefined
    state = next
  }
  return { state, limitTicks, lots, amended, filledLots, execIds }
}

/** An order as the exchange may know it, and ours with a part of that. */
const pair = fc
  .record({
    parts: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }),
    known: fc.nat({ max: 5 }),
    state: fc.constantFrom('submitted' as const, 'open' as const, 'canceling' as const),
    change: fc.constantFrom('none' as const, 'waits' as const, 'holds' as const),
    changed: fc.record({
      limitTicks: fc.integer({ min: 9, max: 11 }),
      lots: fc.integer({ min: 6, max: 14 }),
    }),
    other: fc.constantFrom(undefined, { limitTicks: 8, lots: 12 }),
    ending: fc.constantFrom(
      'open' as const,
      'canceled' as const,
      'rejected' as const,
      'expired' as const,
    ),
  })
  .map(({ parts, known, state: stateBefore, change, changed, other, ending }) => {
    const isChanging = change !== 'none' && stateBefore !== 'submitted'
    const terms = { limitTicks: TERMS.limitTicks, lots: LOTS }
    const held = other ?? (isChanging && change === 'holds' ? changed : terms)
    const state = isChanging && stateBefore === 'open' ? ('amending' as const) : stateBefore
    const executions: Execution[] = []
    let filled = 0
    for (const lots of parts) {
      const fits = Math.min(lots, held.lots - filled)
      if (fits > 0) executions.push(execution(executions.length + 1, fits))
      filled += fits
    }
    const isFilled = filled === held.lots
    const isRejected = ending === 'rejected' && filled > 0
    const remote: RemoteOrder = {
      ...REMOTE,
      ...held,
      state: isFilled ? 'filled' : isRejected ? 'canceled' : ending,
      filledLots: filled,
      executions,
    }
    const seen = executions.slice(0, Math.min(known, executions.length))
    const local: LocalOrder = {
      state: seen.length > 0 && state === 'submitted' ? 'open' : state,
      ...TERMS,
      amended: isChanging ? changed : undefined,
      filledLots: seen.reduce((sum, { lots }) => sum + lots, 0),
      execIds: new Set(seen.map(({ execId }) => execId)),
    }
    return { local, remote }
  })

const REMOTE = {
  orderLinkId: 'bf-1-1',
  orderId: 'x',
  key: 'linear:BTCUSDT',
  limitTicks: TERMS.limitTicks,
  lots: LOTS,
} as const

describe('reconciliation', () => {
  it('makes our record equal to what the exchange knows', () => {
    fc.assert(
      fc.property(pair, ({ local, remote }) => {
        const after = apply(local, { kind: 'found', order: remote }, WHOLE_PROOF)
        expect(after.filledLots).toBe(remote.filledLots)
        expect([...after.execIds].sort()).toEqual(
          remote.executions.map(({ execId }) => execId).sort(),
        )
        expect(isFinished(after.state)).toBe(remote.state !== 'open')
        if (remote.state === 'filled') expect(after.state).toBe('filled')
        expect(after.state).not.toBe('amending')
        expect(areEqual(after, remote)).toBe(true)
      }),
    )
  })

  it('asked again finds nothing to do', () => {
    fc.assert(
      fc.property(pair, ({ local, remote }) => {
        const reply: Answer = { kind: 'found', order: remote }
        const after = apply(local, reply, WHOLE_PROOF)
        expect(reconcileOrder(after, reply, WHOLE_PROOF)).toEqual([])
      }),
    )
  })

  it('learns nothing from no answer, whatever the state', () => {
    for (const state of ORDER_STATES) {
      const local = { state, ...TERMS, filledLots: 0, execIds: new Set<string>() }
      expect(reconcileOrder(local, { kind: 'unknown' }, WHOLE_PROOF)).toEqual([])
      expect(reconcileOrder(local, { kind: 'not_found' }, NO_PROOF)).toEqual([])
    }
  })

  it('settles a missing order once that is proven, and never submits it', () => {
    const settled = ORDER_STATES.map((state) => {
      const local = { state, ...TERMS, filledLots: 0, execIds: new Set<string>() }
      const events = reconcileOrder(local, { kind: 'not_found' }, WHOLE_PROOF).map((action) =>
        action.type === 'event' ? action.event : action.type,
      )
      return `${state}: ${events.join(' ')}`.trim()
    })
    expect(settled.filter((line) => !line.endsWith(':'))).toEqual([
      'created: deny',
      'submitted: cancel',
      'open: cancel',
      'canceling: cancel',
      'unknown: cancel',
      'amending: cancel',
    ])
  })

  it('completes an order whose last fill was journaled and whose last state was not', () => {
    const executions = [execution(1, LOTS)]
    const local = {
      state: 'open',
      ...TERMS,
      filledLots: LOTS,
      execIds: new Set(['bfx-1-1']),
    } as const
    const order: RemoteOrder = {
      ...REMOTE,
      state: 'filled',
      filledLots: LOTS,
      executions,
    }
    expect(reconcileOrder(local, { kind: 'found', order }, NO_PROOF)).toEqual([
      { type: 'event', event: 'complete', code: 'ok' },
    ])
  })

  it('gives a change up only where its absence is proven, and believes one that shows', () => {
    const open = { ...REMOTE, state: 'open', filledLots: 0, executions: [] } as const
    const amended = { limitTicks: 11, lots: LOTS }
    const state = 'amending'
    const local: LocalOrder = { ...TERMS, state, amended, filledLots: 0, execIds: new Set() }
    const actions = (terms: Proof['terms'], shown: Readonly<{ limitTicks: number }>) =>
      reconcileOrder(
        local,
        { kind: 'found', order: { ...open, ...shown } },
        { isMissing: false, terms },
      ).map((action) => (action.type === 'event' ? action.event : action.type))
    expect(actions('nothing', amended)).toEqual([])
    expect(actions('change', amended)).toEqual(['amend'])
    expect(actions('change', { limitTicks: 10 })).toEqual([])
    expect(actions('all', { limitTicks: 10 })).toEqual(['rejectAmend'])
    expect(actions('change', { limitTicks: 12 })).toEqual([])
    expect(actions('all', { limitTicks: 12 })).toEqual(['terms', 'rejectAmend'])
  })

  it('cancels stray orders of ours and leaves those of others alone', () => {
    const open = ['bf-1-1', 'bf-1-2', 'my-order', ''].map((orderLinkId) => ({
      ...REMOTE,
      orderLinkId,
      state: 'open' as const,
      filledLots: 0,
      executions: [],
    }))
    expect(strayOrders(new Set(['bf-1-2']), open)).toEqual(['bf-1-1'])
  })
})
