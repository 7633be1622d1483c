import { describe, expect, it } from 'vitest'
import { missingAtRest } from '../../src/cli/load-drain.ts'

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
