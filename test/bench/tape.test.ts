import { expect, it } from 'vitest'
import { encodeTape, makeDeepTape, makeMixedTape, type Tape } from '../../bench/tape.ts'
import { TapePlayer } from '../../bench/tape-player.ts'
import { SlowBook } from './slow-tape.ts'

const TAPES: readonly (() => Tape)[] = [() => makeMixedTape(5, 1500), () => makeDeepTape(5, 60)]

it.each(TAPES)('a tape is the same for the same seed, and goes on without a gap', (make) => {
  const tape = make()
  expect(encodeTape(make()).equals(encodeTape(tape))).toBe(true)
  const last = new Map<string, number>()
  for (const frame of tape.frames) {
    const { topic, type, data } = JSON.parse(frame.toString())
    if (topic.startsWith('publicTrade')) continue
    const expected = last.has(topic) ? (last.get(topic) ?? 0) + 1 : 1
    expect([data.u, type]).toEqual([expected, expected === 1 ? 'snapshot' : 'delta'])
    last.set(topic, data.u)
  }
  expect(last.size).toBe(tape.topics.length / 2)
})

it.each(TAPES)('the books of a tape are never deeper than their topic, nor crossed', (make) => {
  const tape = make()
  const books = new Map(tape.topics.map(({ name, depth }) => [name, new SlowBook(depth)] as const))
  for (const frame of tape.frames) {
    const { topic, type, data } = JSON.parse(frame.toString())
    if (topic.startsWith('orderbook')) books.get(topic)?.apply(type === 'snapshot', data)
  }
  expect(tape.topics.filter(({ name }) => books.get(name)?.fault !== '')).toEqual([])
})

it('a player answers the same whether it decodes and applies at once or apart, and again', () => {
  const player = new TapePlayer(makeMixedTape(9, 1500))
  const checksum = player.decodeAndApply()
  expect(checksum).not.toBe(0)
  expect(player.apply()).toBe(checksum)
  expect(player.decodeAndApply()).toBe(checksum)
  expect(player.decode()).toBe(player.decode())
  expect(new TapePlayer(makeMixedTape(10, 1500)).decodeAndApply()).not.toBe(checksum)
})
