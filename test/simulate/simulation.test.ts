import { describe, expect, it } from 'vitest'
import { FAULT_KINDS, WIRE_FAULT_KINDS } from '../../src/simulate/fault-plan.ts'
import { History } from '../../src/simulate/history.ts'
import { PLANTED_BUG_NAMES } from '../../src/simulate/planted-bugs.ts'
import { gatewayOf } from '../../src/simulate/simulated-gateway.ts'
import { simulate, simulateEachCrash } from '../../src/simulate/simulation.ts'

const STEPS = 1200
const NO_BUGS = new Set<never>()

describe('simulated histories', () => {
  it('break no rule, and meet every fault, crashes among them', async () => {
    const verdict = await simulate({
      firstSeed: 1,
      seeds: 60,
      stepsMax: STEPS,
      bugs: [],
      gateway: 'port',
      isFirstOnly: false,
    })
    expect(verdict.first_violation).toBeUndefined()
    expect(verdict.ok).toBe(true)
    expect(verdict.crashes).toBeGreaterThan(30)
    expect(verdict.orders).toBeGreaterThan(300)
    expect(verdict.fills).toBeGreaterThan(200)
    const { read, refused, written } = verdict.checkpoints
    expect(written).toBeGreaterThan(read / 4)
    expect(read).toBeGreaterThan(30)
    expect(refused).toBeGreaterThan(0)
    let missing = FAULT_KINDS.filter((kind) => !(kind in verdict.faults_by_kind))
    // The rare ones need more histories, how many depends on every draw.
    for (let firstSeed = 61; missing.length > 0 && firstSeed < 600; firstSeed += 20) {
      const more = await simulate({
        ...{ firstSeed, seeds: 20, stepsMax: STEPS },
        ...{ bugs: [], gateway: 'port', isFirstOnly: false },
      })
      expect(more.first_violation).toBeUndefined()
      missing = missing.filter((kind) => !(kind in more.faults_by_kind))
    }
    expect(missing).toEqual([])
  })

  it('break no rule by the gateway to Bybit, and meet every fault of its connections', async () => {
    const verdict = await simulate({
      ...{ firstSeed: 500, seeds: 40, stepsMax: STEPS },
      ...{ bugs: [], gateway: 'bybit', isFirstOnly: false },
    })
    expect(verdict.first_violation).toBeUndefined()
    expect(verdict.orders).toBeGreaterThan(100)
    expect(verdict.fills).toBeGreaterThan(100)
    expect(WIRE_FAULT_KINDS.filter((kind) => !(kind in verdict.faults_by_kind))).toEqual([])
  })

  it.each(['port', 'bybit'] as const)(
    'are the same each time for the same seed, by %s',
    async (gateway) => {
      const hash = async (seed: number) =>
        (await new History({ seed, stepsMax: STEPS, bugs: NO_BUGS, gateway }).run()).hash
      const first = await hash(7)
      expect(await hash(7)).toBe(first)
      expect(await hash(8)).not.toBe(first)
    },
  )

  it.each(['port', 'bybit'] as const)(
    'survive a crash at each place where the process can die, by %s',
    async (gateway) => {
      const verdict = await simulateEachCrash({
        firstSeed: 3,
        seeds: 1,
        stepsMax: 150,
        bugs: [],
        gateway,
        isFirstOnly: false,
      })
      expect(verdict.first_violation).toBeUndefined()
      expect(verdict.crashes).toBe(verdict.seeds - 1)
      expect(verdict.crashes).toBeGreaterThan(30)
    },
  )
})

describe('a planted bug', () => {
  it.each(PLANTED_BUG_NAMES)(
    'is found: %s',
    async (bug) => {
      const verdict = await simulate({
        firstSeed: 1,
        seeds: 600, // most are found within few, those that need a rare fault later
        stepsMax: STEPS,
        bugs: [bug],
        gateway: gatewayOf(bug),
        isFirstOnly: true,
      })
      expect(verdict.first_violation).toBeDefined()
      expect(verdict.first_violation?.replay).toContain(`--bugs ${bug}`)
    },
    300_000,
  )

  it('is found at the same place when its history is replayed', async () => {
    const options = {
      firstSeed: 1,
      stepsMax: STEPS,
      bugs: ['lost_cancel'],
      gateway: 'port',
    } as const
    const found = await simulate({ ...options, seeds: 60, isFirstOnly: true })
    const seed = found.first_violation?.seed ?? 0
    const again = await simulate({ ...options, firstSeed: seed, seeds: 1, isFirstOnly: true })
    expect(again.first_violation).toEqual(found.first_violation)
  })
})
