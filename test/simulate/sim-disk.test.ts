import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { FaultPlan } from '../../src/simulate/fault-plan.ts'
import { Life } from '../../src/simulate/life.ts'
import { SimDisk } from '../../src/simulate/sim-disk.ts'
import { Timeline } from '../../src/simulate/timeline.ts'

async function drained(timeline: Timeline): Promise<void> {
  for (let i = 0; i < 20; i++) {
    timeline.step(timeline.nowUs() + 1_000_000)
    await Promise.resolve()
  }
}

/** What is left of 'durable' after a crash, with 'loose' written behind it and never synced. */
async function leftAfter(death: 'power_lost' | 'process_killed', seed: number): Promise<string> {
  const timeline = new Timeline(0)
  const disk = new SimDisk(timeline, new FaultPlan(new Random(seed)))
  const life = new Life(() => {})
  const storage = disk.session(life)
  storage.create('d/a', Buffer.from('durable'))
  const file = await storage.open('d/a')
  const written = file.write(Buffer.from('loose'), 0, 5, 7)
  written.catch(() => {})
  await drained(timeline)
  life.isAlive = false
  disk.crash(death)
  return storage.read('d/a').toString('latin1')
}

describe('the simulated disk', () => {
  it('keeps what was synced whatever happens, and loses or spoils the rest only with the power', async () => {
    const left = new Set<number>()
    let spoiled = 0
    for (let seed = 1; seed <= 200; seed++) {
      const text = await leftAfter('power_lost', seed)
      expect(text.startsWith('durable')).toBe(true)
      left.add(text.length)
      if (!'durableloose'.startsWith(text)) spoiled++
    }
    expect(left.size).toBeGreaterThanOrEqual(5)
    expect(spoiled).toBeGreaterThan(0)
    for (let seed = 1; seed <= 50; seed++) {
      const text = await leftAfter('process_killed', seed)
      expect('durableloose'.startsWith(text)).toBe(true)
    }
  })

  it('lets nothing pass from a process that is dead', () => {
    const timeline = new Timeline(0)
    const disk = new SimDisk(timeline, new FaultPlan(new Random(1)))
    const life = new Life(() => {
      life.isAlive = false
    })
    disk.session(life).create('d/a', Buffer.from('x'))
    expect(disk.session(life).list('d')).toEqual([])
  })

  it('locks its folder for as long as the owner lives', () => {
    const disk = new SimDisk(new Timeline(0), new FaultPlan(new Random(1)))
    const first = new Life(() => {})
    const second = new Life(() => {})
    expect(disk.lock(first).ok).toBe(true)
    expect(disk.lock(second)).toMatchObject({ ok: false, code: 'data_folder_locked' })
    first.isAlive = false
    expect(disk.lock(second).ok).toBe(true)
  })
})
