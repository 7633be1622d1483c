import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ORDER_EVENTS } from '../../src/domain/journal.ts'
import { ORDER_STATES, type OrderState } from '../../src/domain/trading.ts'
import {
  formatExecId,
  formatOrderLinkId,
  parseExecId,
  parseOrderLinkId,
} from '../../src/execution/order/order-link-id.ts'
import { nextOrderState } from '../../src/execution/order/order-state.ts'

describe('the life of an order', () => {
  it('allows exactly these of its 165 cells', () => {
    const rows = ORDER_STATES.map((state) => {
      const cells = ORDER_EVENTS.map((event) => (nextOrderState(state, event) ?? '.').padEnd(9))
      return `${state.padEnd(9)} | ${cells.join(' ').trimEnd()}`
    })
    const head = `${''.padEnd(9)} | ${ORDER_EVENTS.map((event) => event.slice(0, 9).padEnd(9)).join(' ')}`
    expect(`\n${[head.trimEnd(), ...rows].join('\n')}\n`).toMatchInlineSnapshot(`
      "
                | deny      submit    accept    reject    fill      complete  requestCa rejectCan cancel    expire    lose      requestAm amend     rejectAme reopen
      created   | denied    submitted .         .         .         .         .         .         .         .         .         .         .         .         .
      submitted | .         .         open      rejected  open      filled    canceling .         canceled  expired   unknown   .         .         .         .
      open      | .         .         .         rejected  open      filled    canceling .         canceled  expired   .         amending  .         .         .
      canceling | .         .         canceling rejected  canceling filled    .         open      canceled  expired   .         .         canceling canceling .
      denied    | .         .         .         .         .         .         .         .         .         .         .         .         .         .         canceling
      rejected  | .         .         .         .         rejected  filled    .         .         .         .         .         .         .         .         canceling
      filled    | .         .         .         .         .         .         .         .         .         .         .         .         .         .         canceling
      canceled  | .         .         .         .         canceled  filled    .         .         .         .         .         .         .         .         canceling
      expired   | .         .         .         .         expired   filled    .         .         .         .         .         .         .         .         canceling
      unknown   | .         .         open      rejected  open      filled    canceling .         canceled  expired   .         .         .         .         .
      amending  | .         .         .         rejected  amending  filled    canceling .         canceled  expired   .         .         open      open      .
      "
    `)
  })

  it('leaves a final state only by a fill, or to be canceled where it lives on', () => {
    const left = (state: OrderState) =>
      ORDER_EVENTS.filter((event) => nextOrderState(state, event) !== undefined)
    for (const state of ['denied', 'filled'] as const) expect(left(state)).toEqual(['reopen'])
    for (const state of ['canceled', 'expired', 'rejected'] as const) {
      expect(left(state)).toEqual(['fill', 'complete', 'reopen'])
    }
    for (const state of ORDER_STATES) {
      expect(['canceling', undefined]).toContain(nextOrderState(state, 'reopen'))
    }
  })
})

describe('orderLinkId', () => {
  const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

  it('fits the exchange and gives back the numbers it was made of', () => {
    fc.assert(
      fc.property(count, count, (run, number) => {
        const id = formatOrderLinkId({ run, number })
        expect(id).toMatch(/^[A-Za-z0-9_-]{1,36}$/)
        expect(parseOrderLinkId(id)).toEqual({ run, number })
        expect(parseExecId(id)).toBeUndefined()
        expect(parseExecId(formatExecId({ run, number }))).toEqual({ run, number })
      }),
    )
  })

  it('differs when the numbers differ', () => {
    fc.assert(
      fc.property(count, count, count, count, (a, b, c, d) => {
        const isSame = a === c && b === d
        const first = formatOrderLinkId({ run: a, number: b })
        expect(first === formatOrderLinkId({ run: c, number: d })).toBe(isSame)
      }),
    )
  })

  it.each(['', 'bf-1', 'bf-0-1', 'bf-01-1', 'bf-1-1-1', 'bf-A-1', 'x-bf-1-1', 'bf-zzzzzzzzzzz-1'])(
    'does not take %j for one of ours',
    (id) => expect(parseOrderLinkId(id)).toBeUndefined(),
  )
})
