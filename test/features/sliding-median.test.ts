import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { EventLog } from '../../src/features/event-log.ts'
import { EventWindow } from '../../src/features/event-window.ts'
import { SlidingMedian } from '../../src/features/sliding-median.ts'
import { StreamTime } from '../../src/features/stream-time.ts'

const VALUE = 1
const WIDTH_MS = 1000

class MedianWindow extends EventWindow {
  readonly median = new SlidingMedian()

  enter(records: Float64Array, at: number): void {
    this.median.insert(records, at + VALUE)
  }

  leave(records: Float64Array, at: number): void {
    this.median.remove(records, at + VALUE)
  }
}

/** The window with everything in it at hand, to be sorted anew each time. */
class PlainWindow {
  readonly #events: { timeMs: number; value: number }[] = []
  readonly #window = new MedianWindow(WIDTH_MS)
  readonly #log = new EventLog(2, [this.#window])
  readonly #time = new StreamTime()

  add(timeMs: number, value: number): void {
    this.#time.tauMs = timeMs
    const at = this.#log.claim(this.#time)
    this.#log.records[at + VALUE] = value
    this.#log.commit()
    this.#events.push({ timeMs, value })
    while (this.#events[0].timeMs <= timeMs - WIDTH_MS) this.#events.shift()
  }

  compare(): void {
    const sorted = this.#events.map(({ value }) => value).sort((a, b) => a - b)
    const { median } = this.#window
    expect(median.size).toBe(sorted.length)
    expect(median.lowerMedian(this.#log, VALUE)).toBe(sorted[(sorted.length - 1) >> 1])
  }
}

type Draw = (random: Random, i: number) => number

const DRAWS: Readonly<Record<string, Draw>> = {
  'a few values many times': (random) => random.below(3),
  'always the same': () => 7,
  'values all over': (random) => random.below(1_000_000),
  'long tails': (random) => Math.floor(random.exponential(1) ** 6 * 1000),
  rising: (_, i) => i,
  falling: (_, i) => -i,
  'jumps to and fro': (random, i) => (i % 4000 < 2000 ? 0 : 5_000_000) + random.below(500),
}

describe('the sliding median', () => {
  it.each(Object.keys(DRAWS))('of %s is that of the sorted window', (name) => {
    const random = new Random(11)
    const window = new PlainWindow()
    let timeMs = 0
    for (let i = 0; i < 12_000; i++) {
      // Crowds, droughts, and silences that empty the window.
      const pace = i % 3000 < 1500 ? 2 : 40
      timeMs += random.below(400) === 0 ? 2 * WIDTH_MS : random.below(pace)
      window.add(timeMs, DRAWS[name](random, i))
      if (random.below(8) === 0) window.compare()
    }
    window.compare()
  })

  it('is asked for rarely and has not lost count', () => {
    const random = new Random(12)
    const window = new PlainWindow()
    for (let i = 0; i < 30_000; i++) {
      window.add(i >> 1, random.below(1 + (i >> 4)))
      if (i % 2500 === 2499) window.compare()
    }
  })
})
