import { describe, expect, it } from 'vitest'
import { LostMessages, missingAtRest } from '../../src/cli/load-drain.ts'

/** Looks that answer these numbers, the last of them for ever; and how many there were. */
async function missingOf(numbers: readonly number[]): Promise<{ missing: number; looks: number }> {
  let looks = 0
  const missing = await missingAtRest(
    async () => numbers[Math.min(looks++, numbers.length - 1)],
    async () => {},
    new AbortController().signal,
  )
  return { missing, looks }
}

describe('messages that have not arrived when the market stands still', () => {
  it('are none as soon as all are there', async () => {
    expect(await missingOf([0])).toEqual({ missing: 0, looks: 1 })
    expect(await missingOf([7, 3, 0])).toEqual({ missing: 0, looks: 3 })
  })

  it('are waited for as long as some of them come, however many wait', async () => {
    const behind = Array.from({ length: 200 }, (_, look) => 200_000 - look * 1000)
    expect(await missingOf([...behind, 0])).toEqual({ missing: 0, looks: 201 })
  })

  it('are lost when none came for three seconds', async () => {
    expect(await missingOf([50, 20, 5])).toEqual({ missing: 5, looks: 33 })
  })

  it('are lost after a minute, though they still come', async () => {
    const slow = Array.from({ length: 2000 }, (_, look) => 5000 - look)
    expect(await missingOf(slow)).toEqual({ missing: 4401, looks: 600 })
  })

  it('are unknown when nobody can tell', async () => {
    expect((await missingOf([Number.NaN])).missing).toBeNaN()
    expect(await missingOf([9, Number.NaN, 4, 0])).toEqual({ missing: 0, looks: 4 })
  })
})

/** An exchange that sends, one reader that receives later, and connections that break. */
function flowing() {
  const flow = { rate: 100, sent: 0, received: 0, onItsWay: 0, rates: [] as number[] }
  const tick = () => {
    flow.received += flow.onItsWay
    flow.onItsWay = flow.rate
    flow.sent += flow.rate
  }
  const lost = new LostMessages({
    missing: async () => flow.sent - flow.received,
    pauseMs: async () => tick(),
    setRate: async (rate) => {
      flow.rates.push(rate)
      flow.rate = rate
      return true
    },
    stop: new AbortController().signal,
  })
  const breakConnection = () => {
    flow.onItsWay = 0
  }
  return { flow, tick, lost, breakConnection }
}

describe('messages lost in the measured time', () => {
  it('are not those that a connection took along in the warm-up', async () => {
    const { breakConnection, flow, lost, tick } = flowing()
    for (let n = 0; n < 5; n++) tick()
    breakConnection()
    for (let n = 0; n < 5; n++) tick()
    await lost.begin(1, 100)
    expect(lost.before).toBe(100)
    for (let n = 0; n < 20; n++) tick()
    expect(await lost.end()).toBe(0)
    expect(flow.rates).toEqual([0, 100, 0])
  })

  it('are those that one takes along later', async () => {
    const { breakConnection, lost, tick } = flowing()
    tick()
    breakConnection()
    tick()
    await lost.begin(1, 100)
    tick()
    breakConnection()
    tick()
    expect(await lost.end()).toBe(100)
  })

  it('are counted without a pause where no connection broke before', async () => {
    const { flow, lost, tick } = flowing()
    tick()
    await lost.begin(0, 100)
    expect([flow.rates, lost.before]).toEqual([[], 0])
    tick()
    expect(await lost.end()).toBe(0)
  })
})
