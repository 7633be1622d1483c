import { describe, expect, it } from 'vitest'
import { BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { NewestLog } from '../../src/threads/newest-log.ts'

function open(recordsMax: number) {
  const rings = [createBroadcast(64, 2), createBroadcast(64, 2)]
  const writers = rings.map((ring) => new BroadcastWriter(ring))
  const log = new NewestLog({ rings, fields: 2, timeField: 1, recordsMax })
  return {
    log,
    write: (shard: number, number: number, timeUs: number) =>
      writers[shard].publish(Float64Array.of(number, timeUs)),
    numbers: (limit: number) => log.latest(limit).map(([number]) => number),
  }
}

describe('the newest records of several shards', () => {
  it('come newest first, whichever shard they are of', () => {
    const { log, numbers, write } = open(10)
    write(0, 1, 100)
    write(0, 4, 400)
    write(1, 2, 200)
    write(1, 3, 300)
    log.update()
    write(0, 5, 500)
    write(0, 6, 500)
    log.update()
    expect(numbers(10)).toEqual([6, 5, 4, 3, 2, 1])
    expect(numbers(2)).toEqual([6, 5])
  })

  it('are bounded, and it is the oldest that go', () => {
    const { log, numbers, write } = open(4)
    for (let number = 1; number <= 40; number++) {
      write(number <= 20 ? 1 : 0, number, number)
      if (number === 20) log.update()
    }
    log.update()
    expect(numbers(100)).toEqual([40, 39, 38, 37])
  })
})
