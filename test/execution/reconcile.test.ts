import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORDER_STATES } from '../../src/domain/trading.ts'
import type { Execution, QueryReply, RemoteOrder } from '../../src/execution/gateway/gateway.ts'
import { isFinished, nextOrderState } from '../../src/execution/order/order-state.ts'
import {
  type LocalOrder,
  reconcileOrder,
  strayOrders,
} from '../../src/execution/reconcile/reconcile.ts'

const LOTS = 10

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
function apply(local: LocalOrder, reply: QueryReply, isProof: boolean): LocalOrder {
  let { state, filledLots } = local
  const execIds = new Set(local.execIds)
  for (const action of reconcileOrder(local, reply, isProof)) {
    let event = action.type === 'event' ? action.event : undefined
    if (action.type === 'count') {
      expect(execIds.has(action.execution.execId)).toBe(false)
      execIds.add(action.execution.execId)
      filledLots += action.execution.lots
      event = filledLots >= LOTS ? 'complete' : 'fill'
    }
    const next = event === undefined ? undefined : nextOrderState(state, event)
    if (next === undefined) throw new Error(`${event} from ${state}`)
    state = next
  }
  return { state, lots: LOTS, filledLots, execIds }
}

/** An order as the exchange may know it, and ours with a part of that. */
const pair = fc
  .record({
    parts: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }),
    known: fc.nat({ max: 5 }),
    state: fc.constantFrom('submitted' as const, 'open' as const, 'canceling' as const),
    ending: fc.constantFrom(
      'open' as const,
      'canceled' as const,
      'rejected' as const,
      'expired' as const,
    ),
  })
  .map(({ parts, known, state, ending }) => {
    const executions: Execution[] = []
    let filled = 0
    for (const lots of parts) {
      const fits = Math.min(lots, LOTS - filled)
      if (fits > 0) executions.push(execution(executions.length + 1, fits))
      filled += fits
    }
    const isFilled = filled === LOTS
    const isRejected = ending === 'rejected' && filled > 0
    const remote: RemoteOrder = {
      ...REMOTE,
      state: isFilled ? 'filled' : isRejected ? 'canceled' : ending,
      filledLots: filled,
      executions,
    }
    const seen = executions.slice(0, Math.min(known, executions.length))
    const local: LocalOrder = {
      state: seen.length > 0 && state === 'submitted' ? 'open' : state,
      lots: LOTS,
      filledLots: seen.reduce((sum, { lots }) => sum + lots, 0),
      execIds: new Set(seen.map(({ execId }) => execId)),
    }
    return { local, remote }
  })

const REMOTE = {
  orderLinkId: 'bf-1-1',
  orderId: 'x',
  key: 'linear:BTCUSDT',
  limitTicks: 10,
  lots: LOTS,
} as const

describe('reconciliation', () => {
  it('makes our record equal to what the exchange knows', () => {
    fc.assert(
      fc.property(pair, ({ local, remote }) => {
        const after = apply(local, { kind: 'found', order: remote }, false)
        expect(after.filledLots).toBe(remote.filledLots)
        expect([...after.execIds].sort()).toEqual(
          remote.executions.map(({ execId }) => execId).sort(),
        )
        expect(isFinished(after.state)).toBe(remote.state !== 'open')
        if (remote.state === 'filled') expect(after.state).toBe('filled')
      }),
    )
  })

  it('asked again finds nothing to do', () => {
    fc.assert(
      fc.property(pair, ({ local, remote }) => {
        const reply: QueryReply = { kind: 'found', order: remote }
        const after = apply(local, reply, false)
        expect(reconcileOrder(after, reply, true)).toEqual([])
      }),
    )
  })

  it('learns nothing from no answer, whatever the state', () => {
    for (const state of ORDER_STATES) {
      const local = { state, lots: LOTS, filledLots: 0, execIds: new Set<string>() }
      expect(reconcileOrder(local, { kind: 'unknown', message: '' }, true)).toEqual([])
      expect(reconcileOrder(local, { kind: 'not_found' }, false)).toEqual([])
    }
  })

  it('settles a missing order once that is proven, and never submits it', () => {
    const settled = ORDER_STATES.map((state) => {
      const local = { state, lots: LOTS, filledLots: 0, execIds: new Set<string>() }
      const events = reconcileOrder(local, { kind: 'not_found' }, true).map((action) =>
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
      lots: LOTS,
      filledLots: LOTS,
      execIds: new Set(['bfx-1-1']),
    } as const
    const order: RemoteOrder = {
      ...REMOTE,
      state: 'filled',
      filledLots: LOTS,
      executions,
    }
    expect(reconcileOrder(local, { kind: 'found', order }, false)).toEqual([
      { type: 'event', event: 'complete', code: 'ok' },
    ])
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
