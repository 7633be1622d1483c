import { describe, expect, it } from 'vitest'
import type { Journal } from '../../src/execution/journal/journal.ts'
import type { MemoryJournal } from '../../src/execution/journal/memory-journal.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig } from './rig.ts'

const KEYS = ['linear:S0USDT', 'linear:S1USDT'] as const

/** Keeps so many records; the flush of the next one never ends, as its process is dead. */
class MortalJournal implements Journal {
  readonly death: Promise<'dead'>
  readonly #inner: MemoryJournal
  readonly #recordsMax: number
  #die: () => void = () => {}
  #appended: number

  constructor(inner: MemoryJournal, recordsMax: number) {
    this.#inner = inner
    this.#recordsMax = recordsMax
    this.#appended = inner.records.length
    this.death = new Promise((resolve) => {
      this.#die = () => resolve('dead')
    })
  }

  get run(): number {
    return this.#inner.run
  }

  append(record: Parameters<Journal['append']>[0]): ReturnType<Journal['append']> {
    this.#appended++
    return this.#inner.append(record)
  }

  async flush(): ReturnType<Journal['flush']> {
    const flushed = await this.#inner.flush()
    if (this.#appended <= this.#recordsMax) return flushed
    this.#inner.records.length = this.#recordsMax
    this.#die()
    return new Promise(() => {})
  }

  close(): ReturnType<Journal['close']> {
    return this.flush()
  }
}

type Scene = Readonly<{ exchange: FakeExchange; rig: Rig }>

async function agree({ exchange, rig }: Scene): Promise<void> {
  rig.quote(0, 10_000)
  rig.quote(1, 10_000)
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(3_000, 50)
}

/**
 * A run that dies with everything open: a part of an order filled and told, the rest not; an order
 * whose reply was lost and that was filled; what somebody else did; and a stray of ours.
 */
async function leaveMuch(): Promise<Scene> {
  const exchange = new FakeExchange()
  const rig = new Rig({ gateway: () => exchange })
  const scene = { exchange, rig }
  await rig.start()
  await agree(scene)
  rig.enter(0, 'enter_long', 10_005)
  await rig.settle()
  const [first] = rig.state.orders.keys()
  exchange.fill(first, 1, rig.clock.nowUs())
  await rig.settle()
  exchange.isTelling = false
  exchange.fill(first, 2, rig.clock.nowUs())
  exchange.isDeaf = true
  rig.enter(1, 'enter_short', 9_995)
  await rig.settle()
  const second = [...rig.state.orders.keys()][1]
  exchange.fill(second, rig.state.orders.get(second)?.terms.lots ?? 0, rig.clock.nowUs())
  exchange.fillForeign(KEYS[0], 'buy', 4, rig.clock.nowUs())
  exchange.rest('by-hand', 'o-1', KEYS[0])
  exchange.rest('bf-zz-1', 'o-2', KEYS[1])
  while (exchange.nextEvent() !== undefined);
  exchange.isDeaf = false
  exchange.isTelling = true
  return scene
}

/** The next run of a scene, until it agrees or has kept `recordsMax` records and died. */
async function recoverIn(
  { exchange, rig: before }: Scene,
  recordsMax = Number.POSITIVE_INFINITY,
): Promise<Readonly<{ rig: Rig; isDead: boolean }>> {
  while (exchange.nextEvent() !== undefined);
  let mortal: MortalJournal | undefined
  const rig = new Rig({
    records: before.memory.records,
    run: before.memory.run + 1,
    clock: before.clock,
    gateway: () => exchange,
    journal: (memory) => {
      mortal = new MortalJournal(memory, recordsMax)
      return mortal
    },
  })
  const live = async () => {
    const started = await rig.start()
    expect(started.ok).toBe(true)
    await agree({ exchange, rig })
    await rig.pass(12_000, 100)
    return 'alive' as const
  }
  const end = await Promise.race([live(), mortal?.death])
  return { rig, isDead: end === 'dead' }
}

function expectTruth({ exchange, rig }: Scene): void {
  expect(rig.actor.truth.isHealthy).toBe(true)
  for (const [index, key] of KEYS.entries()) {
    expect(rig.lots(index)).toBe(exchange.positions.get(key) ?? 0)
  }
  const counted = [...rig.records('fill'), ...rig.records('external_fill')]
  const ids = counted.map(({ exec_id }) => exec_id).sort()
  expect(ids).toEqual(exchange.executions.map(({ execId }) => execId).sort())
  expect(rig.records('position_adjusted')).toEqual([])
  for (const [id, { state }] of rig.state.unfinished) {
    expect(`${id} ${state}`).toBe(`${id} ${exchange.orders.get(id)?.order.state}`)
  }
  const ours = [...exchange.orders.keys()].filter((id) => id.startsWith('bf-')).sort()
  expect(ours).toEqual([...rig.state.orders.keys(), 'bf-zz-1'].sort())
  expect(exchange.orders.get('bf-zz-1')?.order.state).toBe('canceled')
  expect(exchange.orders.get('by-hand')?.order.state).toBe('open')
}

describe('a recovery on an account', () => {
  it('reaches the truth from whatever was left', async () => {
    const scene = await leaveMuch()
    const { rig } = await recoverIn(scene)
    expect(rig.records('order_created')).toHaveLength(2)
    expectTruth({ exchange: scene.exchange, rig })
  })

  it('that dies at any of its records is taken up by the next, to the same truth', async () => {
    const whole = await leaveMuch()
    const left = whole.rig.memory.records.length
    const { rig: unharmed } = await recoverIn(whole)
    const written = unharmed.memory.records.length
    expect(written - left).toBeGreaterThan(8)
    for (let kept = left; kept < written; kept++) {
      const scene = await leaveMuch()
      const killed = await recoverIn(scene, kept)
      expect(killed.isDead).toBe(true)
      expect(killed.rig.memory.records).toHaveLength(kept)
      const { rig } = await recoverIn({ exchange: scene.exchange, rig: killed.rig })
      expectTruth({ exchange: scene.exchange, rig })
    }
  })
})
