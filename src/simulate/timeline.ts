import type { Clock } from '../core/clock.ts'

type Entry = Readonly<{ timeUs: number; order: number; act: () => void }>

/**
 * Virtual time: what is to happen, by when. What falls on the same microsecond happens in the order
 * it was asked for, so a history is the same each time it is run.
 */
export class Timeline implements Clock {
  #nowUs: number
  #asked = 0
  /** A binary heap, earliest first. */
  readonly #heap: Entry[] = []

  constructor(startUs: number) {
    this.#nowUs = startUs
  }

  nowUs(): number {
    return this.#nowUs
  }

  after(durationUs: number, act: () => void): void {
    const entry = { timeUs: this.#nowUs + Math.max(0, durationUs), order: ++this.#asked, act }
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent])) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = entry
  }

  /** Moves to the next thing and does it. False: there is none until `untilUs`, and it is then. */
  step(untilUs: number): boolean {
    const first = this.#heap[0]
    if (first === undefined || first.timeUs > untilUs) {
      this.#nowUs = Math.max(this.#nowUs, untilUs)
      return false
    }
    this.#takeFirst()
    this.#nowUs = first.timeUs
    first.act()
    return true
  }

  #takeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], last)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.order < b.order)
}
