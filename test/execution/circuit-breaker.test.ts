import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/execution/breaker/circuit-breaker.ts'

const S = 1_000_000
const CALL = {}
const OPTIONS = { failuresMax: 5, windowUs: 30 * S, openUs: 60 * S }

function create() {
  const changes: string[] = []
  const breaker = new CircuitBreaker(OPTIONS, (state, nowUs) =>
    changes.push(`${nowUs / S}:${state}`),
  )
  return { breaker, changes }
}

describe('the breaker', () => {
  it('opens at the fifth failure within the window and stays open for its time', () => {
    const { breaker, changes } = create()
    for (const second of [0, 5, 10, 15]) breaker.fail(second * S)
    expect(breaker.allows(15 * S)).toBe(true)
    breaker.fail(29 * S)
    expect(breaker.claim(29 * S, CALL)).toBe(false)
    expect(breaker.claim(88.9 * S, CALL)).toBe(false)
    expect(breaker.allows(89 * S)).toBe(true)
    expect(changes).toEqual(['29:open', '89:half_open'])
  })

  it('forgets failures that left the window', () => {
    const { breaker } = create()
    for (const second of [0, 1, 2, 3, 31, 32, 33]) breaker.fail(second * S)
    expect(breaker.state).toBe('closed')
    breaker.fail(33 * S)
    expect(breaker.state).toBe('closed')
    breaker.fail(33.5 * S)
    expect(breaker.state).toBe('open')
  })

  it('lets one probe through, and one only', () => {
    const { breaker } = create()
    for (let i = 0; i < 5; i++) breaker.fail(0)
    expect(breaker.claim(60 * S, CALL)).toBe(true)
    expect(breaker.claim(60 * S, CALL)).toBe(false)
    expect(breaker.allows(60 * S)).toBe(false)
    breaker.succeed(61 * S)
    expect(breaker.state).toBe('closed')
    for (let i = 0; i < 4; i++) breaker.fail(62 * S)
    expect(breaker.state).toBe('closed')
  })

  it('opens again when the probe fails, and for the whole time', () => {
    const { breaker } = create()
    for (let i = 0; i < 5; i++) breaker.fail(0)
    breaker.claim(60 * S, CALL)
    breaker.fail(61 * S)
    expect(breaker.allows(120 * S)).toBe(false)
    expect(breaker.claim(121 * S, CALL)).toBe(true)
  })

  it('gives the probe back when the call was not made', () => {
    const { breaker } = create()
    for (let i = 0; i < 5; i++) breaker.fail(0)
    expect(breaker.claim(60 * S, CALL)).toBe(true)
    breaker.release(CALL)
    expect(breaker.claim(60 * S, CALL)).toBe(true)
  })

  it('keeps the probe of one call when another is taken back', () => {
    const { breaker } = create()
    const early = {}
    expect(breaker.claim(0, early)).toBe(true)
    for (let i = 0; i < 5; i++) breaker.fail(0)
    expect(breaker.claim(60 * S, CALL)).toBe(true)
    breaker.release(early)
    expect(breaker.claim(60 * S, {})).toBe(false)
  })

  it('is open exactly when a plain recount of the failures says so', () => {
    const step = fc.record({ gap: fc.integer({ min: 0, max: 12 }), isFailure: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { breaker } = create()
        const failures: number[] = []
        let now = 0
        for (const { gap, isFailure } of steps) {
          now += gap * S
          if (isFailure) {
            breaker.fail(now)
            failures.push(now)
          } else breaker.succeed(now)
          const recent = failures.filter((at) => at > now - OPTIONS.windowUs).length
          expect(breaker.state).toBe(recent >= 5 ? 'open' : 'closed')
          if (breaker.state === 'open') return
        }
      }),
    )
  })
})
