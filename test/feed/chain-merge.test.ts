import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HELD_MESSAGES_MAX, HOLD_MS_MAX } from '../../src/constants.ts'
import { type BookMessage, createBookMessage } from '../../src/domain/messages.ts'
import { ChainMerge } from '../../src/feed/chain-merge.ts'
import {
  Sequencer,
  VERDICT_DELTA,
  VERDICT_GAP,
  VERDICT_SNAPSHOT,
  VERDICT_WAITING,
} from '../../src/feed/sequencer.ts'
import { Counters } from '../../src/memory/counters.ts'

type Spec = Readonly<{ u: number; seq?: number; snapshot?: boolean }>

/** One refilled message, as a decoder has it, so that a copy that was forgotten shows. */
function rig() {
  const sequencer = new Sequencer(2)
  const counters = new Counters()
  const applied: string[] = []
  const repeats: string[] = []
  const unreadable: number[] = []
  const merge: ChainMerge = new ChainMerge(2, sequencer, counters, {
    onNext(message) {
      expect(message.bids.ticks[0]).toBe(message.u)
      const verdict = sequencer.check(message)
      if (verdict === VERDICT_SNAPSHOT) applied.push(`S${message.u}`)
      else if (verdict === VERDICT_DELTA) applied.push(`${message.u}`)
      else if (verdict === VERDICT_GAP) applied.push(`gap ${message.u}`)
      else applied.push(verdict === VERDICT_WAITING ? `waiting ${message.u}` : `old ${message.u}`)
    },
    onRepeat: (_, isLatest) => repeats.push(isLatest ? 'latest' : 'older'),
    onUnreadable: (topic) => {
      unreadable.push(topic)
      sequencer.invalidate(topic)
      merge.reset(topic)
    },
  })
  const message: BookMessage = createBookMessage()
  let nowUs = 0
  const send = (connection: number, { u, seq = u, snapshot = false }: Spec) => {
    Object.assign(message, { topic: 1, u, seq, isSnapshot: snapshot })
    message.bids.count = 1
    message.bids.ticks[0] = u
    merge.offer(message, nowUs, connection)
    message.bids.ticks[0] = -1
  }
  const sendBad = (connection: number) => merge.offerBad(1, connection)
  const tick = (durationMs: number) => {
    nowUs += durationMs * 1000
    merge.expire(nowUs)
  }
  /** As a timer that is never late. */
  const passMs = (durationMs: number) => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 25) tick(Math.min(leftMs, 25))
  }
  tick(0)
  return { applied, counters, merge, passMs, repeats, send, sendBad, sequencer, tick, unreadable }
}

/** Both connections have brought their snapshot at `u`. */
function shared(u = 10) {
  const made = rig()
  made.send(0, { u, snapshot: true })
  made.send(1, { u, snapshot: true })
  made.applied.length = 0
  return made
}

describe('a merge of two connections', () => {
  it('takes the first copy of each update and counts the second', () => {
    const { applied, counters, repeats, send } = shared()
    for (const u of [11, 12, 13]) {
      send(u % 2, { u })
      send(1 - (u % 2), { u })
    }
    expect(applied).toEqual(['11', '12', '13'])
    expect(counters.get('duplicates_merged')).toBe(4)
    expect(repeats).toEqual(['latest', 'latest', 'latest', 'latest'])
  })

  it('does not start anew with the snapshot of a second connection that is behind or level', () => {
    const { applied, send } = rig()
    send(0, { u: 10, snapshot: true })
    send(0, { u: 11 })
    send(1, { u: 10, snapshot: true })
    send(1, { u: 11 })
    send(1, { u: 12 })
    expect(applied).toEqual(['S10', '11', '12'])
  })

  it('takes a snapshot of the second connection that is ahead once the first cannot fill the gap', () => {
    const { applied, counters, passMs, send } = rig()
    send(0, { u: 10, snapshot: true })
    send(1, { u: 13, snapshot: true })
    send(1, { u: 14 })
    expect(applied).toEqual(['S10'])
    passMs(HOLD_MS_MAX)
    expect(applied).toEqual(['S10', 'S13', '14'])
    expect(counters.get('holds_failed')).toBe(1)
  })

  it('loses nothing when the first connection comes up to the snapshot of the second', () => {
    const { applied, send } = rig()
    send(0, { u: 10, snapshot: true })
    send(1, { u: 12, snapshot: true })
    send(0, { u: 11 })
    send(0, { u: 12 })
    send(1, { u: 13 })
    expect(applied).toEqual(['S10', '11', 'S12', '13'])
  })

  it('fills a jump of one connection from the other', () => {
    const { applied, counters, send } = shared()
    send(0, { u: 12 })
    send(0, { u: 13 })
    expect(applied).toEqual([])
    send(1, { u: 11 })
    expect(applied).toEqual(['11', '12', '13'])
    expect(counters.get('messages_held')).toBe(2)
    expect(counters.get('holds_filled')).toBe(2)
    expect(counters.get('holds_failed')).toBe(0)
  })

  it('finds a gap at once when both connections have come past it', () => {
    const { applied, send } = shared()
    send(0, { u: 12 })
    expect(applied).toEqual([])
    send(1, { u: 13 })
    expect(applied).toEqual(['gap 12'])
  })

  it('finds a gap when the time of the hold is over, and not before', () => {
    const { applied, passMs, send } = shared()
    send(0, { u: 12 })
    passMs(HOLD_MS_MAX - 1)
    expect(applied).toEqual([])
    passMs(1)
    expect(applied).toEqual(['gap 12'])
  })

  it('does not count the time in which nothing was read', () => {
    const { applied, passMs, send, tick } = shared()
    send(0, { u: 12 })
    tick(60_000)
    expect(applied).toEqual([])
    send(1, { u: 11 })
    expect(applied).toEqual(['11', '12'])
    send(0, { u: 14 })
    tick(60_000)
    passMs(HOLD_MS_MAX)
    expect(applied).toEqual(['11', '12', 'gap 14'])
  })

  it('finds a gap when more would have to be held than the bound', () => {
    const { applied, send } = shared()
    for (let i = 0; i < HELD_MESSAGES_MAX; i++) send(0, { u: 12 + i })
    expect(applied).toEqual([])
    send(0, { u: 12 + HELD_MESSAGES_MAX })
    expect(applied).toEqual(['gap 12'])
  })

  it('finds a gap when the connection it waits for is lost', () => {
    const { applied, merge, send } = shared()
    send(0, { u: 12 })
    merge.leave(1, 1)
    expect(applied).toEqual(['gap 12'])
  })

  it('holds nothing back of a topic that one connection carries', () => {
    const { applied, merge, send } = shared()
    merge.leave(1, 1)
    send(0, { u: 12 })
    expect(applied).toEqual(['gap 12'])
    send(0, { u: 20, snapshot: true })
    send(0, { u: 20, snapshot: true })
    expect(applied).toEqual(['gap 12', 'S20', 'S20'])
  })

  it('follows a restart of the chain once and drops what the slower one brings of the old chain', () => {
    const { applied, send } = shared(5000)
    send(0, { u: 5001, seq: 5001 })
    send(0, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 5001, seq: 5001 })
    send(0, { u: 2, seq: 6001 })
    send(1, { u: 5002, seq: 5002 })
    send(1, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 2, seq: 6001 })
    send(1, { u: 3, seq: 6002 })
    expect(applied).toEqual(['5001', 'S1', '2', '3'])
  })

  it('does not go back to the old chain for a late snapshot of it', () => {
    const { applied, merge, passMs, send } = rig()
    send(0, { u: 5000, snapshot: true })
    send(0, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 5001, seq: 5001, snapshot: true })
    passMs(HOLD_MS_MAX)
    send(0, { u: 2, seq: 6001 })
    send(1, { u: 5002, seq: 5002 })
    send(1, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 2, seq: 6001 })
    send(1, { u: 3, seq: 6002 })
    expect(applied).toEqual(['S5000', 'S1', '2', '3'])
    merge.leave(1, 0)
    send(1, { u: 4, seq: 6003 })
    expect(applied.at(-1)).toBe('4')
  })

  it('waits after a restart for the connection that is still in the old chain', () => {
    const { applied, send } = shared(5000)
    send(0, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 5001, seq: 5001 })
    send(0, { u: 3, seq: 6002 })
    expect(applied).toEqual(['S1'])
    send(1, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 2, seq: 6001 })
    expect(applied).toEqual(['S1', '2', '3'])
  })

  it('comes back with the snapshot of either after a gap, and waits for the one behind', () => {
    const { applied, send } = shared()
    send(0, { u: 12 })
    send(1, { u: 12 })
    send(1, { u: 13 })
    send(0, { u: 13, snapshot: true })
    send(1, { u: 15 })
    send(0, { u: 14 })
    expect(applied).toEqual(['gap 12', 'waiting 13', 'S13', '14', '15'])
  })

  it('has a connection in chain once what it brought is applied', () => {
    const { merge, send } = rig()
    send(0, { u: 10, snapshot: true })
    expect([merge.isInChain(1, 0), merge.isInChain(1, 1)]).toEqual([true, false])
    send(1, { u: 12, snapshot: true })
    expect(merge.isInChain(1, 1)).toBe(false)
    send(0, { u: 11 })
    expect(merge.isInChain(1, 1)).toBe(true)
  })
})

describe('a merge of two connections, and odd numbers of the exchange', () => {
  it('takes a restart that comes with the seq of the update before it', () => {
    const { applied, send } = shared(5000)
    for (const connection of [0, 1]) send(connection, { u: 1, seq: 5000, snapshot: true })
    for (const connection of [0, 1]) send(connection, { u: 2, seq: 5001 })
    expect(applied).toEqual(['S1', '2'])
  })

  it('takes a snapshot with a seq far too large for a copy while its carrier comes to it in order', () => {
    const { applied, send } = shared()
    for (let u = 11; u <= 15; u++) send(0, { u })
    send(1, { u: 11 })
    send(1, { u: 12, seq: 1e9, snapshot: true })
    send(0, { u: 16 })
    expect(applied).toEqual(['11', '12', '13', '14', '15', '16'])
  })

  it('knows the second copy of a restart from another one by what its carrier brought', () => {
    const { applied, send } = shared(5000)
    send(0, { u: 1, seq: 6000, snapshot: true })
    send(0, { u: 2, seq: 6000 })
    send(1, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 2, seq: 6000 })
    expect(applied).toEqual(['S1', '2'])
    send(1, { u: 1, seq: 6000, snapshot: true })
    expect(applied).toEqual(['S1', '2', 'S1'])
  })

  it('goes on after a seq that is far too large', () => {
    const { applied, send } = shared()
    const huge = Number.MAX_SAFE_INTEGER - 1
    for (const connection of [0, 1]) send(connection, { u: 11, seq: huge })
    for (const u of [12, 13]) {
      send(0, { u })
      send(1, { u })
    }
    expect(applied).toEqual(['11', '12', '13'])
  })

  it('does not take a late copy with a far too large seq for a chain that went back', () => {
    const { applied, send } = shared()
    const huge = Number.MAX_SAFE_INTEGER - 1
    send(0, { u: 11, seq: huge })
    for (const u of [12, 13]) send(0, { u })
    send(1, { u: 11, seq: huge })
    send(1, { u: 12 })
    send(1, { u: 13 })
    send(1, { u: 14 })
    expect(applied).toEqual(['11', '12', '13', '14'])
  })

  it('hands on a chain that went back, for its reader to end it', () => {
    const { applied, send } = shared()
    for (const u of [11, 12, 13]) send(0, { u })
    send(1, { u: 11 })
    send(0, { u: 11, seq: 14 })
    expect(applied).toEqual(['11', '12', '13', 'old 11'])
  })

  it('begins a chain after a gap whatever the connections have brought before', () => {
    const { applied, send } = shared(5000)
    for (const connection of [0, 1]) send(connection, { u: 5002 })
    send(0, { u: 1, seq: 6000, snapshot: true })
    send(1, { u: 5003, seq: 5003 })
    for (const connection of [0, 1]) send(connection, { u: 2, seq: 6001 })
    expect(applied).toEqual(['gap 5002', 'S1', '2'])
  })
})

describe('a merge of two connections, one of which brings what cannot be read', () => {
  it('goes on when the other has brought the same message, or brings it in time', () => {
    const { applied, counters, passMs, send, sendBad, unreadable } = shared()
    send(1, { u: 11 })
    expect(sendBad(0)).toBe(true)
    expect(counters.get('bad_copies_covered')).toBe(1)
    expect(sendBad(0)).toBe(true)
    send(0, { u: 13 })
    expect(applied).toEqual(['11'])
    send(1, { u: 12 })
    passMs(HOLD_MS_MAX)
    expect(applied).toEqual(['11', '12', '13'])
    expect(counters.get('bad_copies_covered')).toBe(2)
    expect(unreadable).toEqual([])
  })

  it('gives up at once when the other cannot read it either, or has gone past it', () => {
    const { sendBad, send } = shared()
    expect([sendBad(0), sendBad(1)]).toEqual([true, false])
    const other = shared()
    other.send(1, { u: 12 })
    expect(other.sendBad(0)).toBe(false)
    const single = rig()
    single.send(0, { u: 10, snapshot: true })
    expect(single.sendBad(0)).toBe(false)
    send(0, { u: 20, snapshot: true })
  })

  it('gives up when the other does not bring it in time, were it the last message for long', () => {
    const { passMs, sendBad, unreadable } = shared()
    expect(sendBad(0)).toBe(true)
    passMs(HOLD_MS_MAX - 1)
    expect(unreadable).toEqual([])
    passMs(1)
    expect(unreadable).toEqual([1])
    passMs(HOLD_MS_MAX)
    expect(unreadable).toEqual([1])
  })

  it('asks no more for it once a new chain has begun', () => {
    const { applied, passMs, send, sendBad, unreadable } = shared()
    expect(sendBad(0)).toBe(true)
    send(1, { u: 1, seq: 30, snapshot: true })
    passMs(HOLD_MS_MAX)
    expect(applied).toEqual(['S1'])
    expect(unreadable).toEqual([])
  })

  it('finds the gap when the connection with the good copy is lost', () => {
    const { applied, merge, send, sendBad } = shared()
    expect(sendBad(0)).toBe(true)
    send(0, { u: 12 })
    expect(applied).toEqual([])
    merge.leave(1, 1)
    expect(applied).toEqual(['gap 12'])
  })
})

describe('any two lossy copies of a chain', () => {
  const LENGTH = 120
  /** Which of the two lose the update, or bring it spoiled: at most one of them. */
  const loser = fc.constantFrom('none', 'none', 'first', 'second', 'first spoils', 'second spoils')
  const losses = fc.array(loser, { minLength: LENGTH, maxLength: LENGTH })
  const turns = fc.array(fc.boolean(), { minLength: 2 * LENGTH, maxLength: 2 * LENGTH })

  it('merge to the exact chain whenever every update is on one of them within the bounds', () => {
    fc.assert(
      fc.property(losses, turns, (lost, order) => {
        const { applied, counters, send, sendBad } = shared(10)
        const spoilers = ['first spoils', 'second spoils']
        const bring = (connection: number, u: number) => {
          if (lost[u - 11] !== spoilers[connection]) send(connection, { u })
          else expect(sendBad(connection)).toBe(true)
        }
        const updates = lost.map((_, i) => 11 + i)
        const copies = [
          updates.filter((_, i) => lost[i] !== 'first'),
          updates.filter((_, i) => lost[i] !== 'second'),
        ]
        const at = [0, 0]
        for (const turn of order) {
          let next = turn ? 1 : 0
          // Within the bounds: neither runs ahead by more than may be held.
          const lead = (copies[next][at[next]] ?? 0) - (copies[1 - next][at[1 - next]] ?? 1e9)
          if (at[next] === copies[next].length || lead > HELD_MESSAGES_MAX / 2) next = 1 - next
          if (at[next] < copies[next].length) bring(next, copies[next][at[next]++])
        }
        for (const next of [0, 1]) {
          while (at[next] < copies[next].length) bring(next, copies[next][at[next]++])
        }
        expect(applied).toEqual(updates.map(String))
        expect(counters.get('holds_failed')).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  it('never apply an update out of order, whatever is lost', () => {
    const event = fc.record({
      connection: fc.constantFrom(0, 1),
      lost: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      passMs: fc.constantFrom(0, 0, 0, 100),
      snapshot: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const { applied, passMs, send } = shared(10)
        const next = [11, 11]
        for (const { connection, lost, passMs: durationMs, snapshot } of events) {
          passMs(durationMs)
          const u = next[connection]++
          if (!lost) send(connection, { u, snapshot })
        }
        let last = 10
        for (const entry of applied) {
          if (entry.startsWith('S')) last = Number(entry.slice(1))
          else if (entry.startsWith('gap')) last = Number.NaN
          else if (!entry.startsWith('waiting')) {
            expect(Number(entry)).toBe(last + 1)
            last++
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('merge to the exact stream through restarts, however far one is behind', () => {
    const kind = fc.constantFrom('delta', 'delta', 'delta', 'snapshot', 'restart', 'restart same')
    const turns = fc.array(fc.boolean(), { minLength: 80, maxLength: 80 })
    fc.assert(
      fc.property(fc.array(kind, { maxLength: 60 }), turns, (kinds, order) => {
        const stream: Spec[] = []
        let u = 10
        let seq = 10
        for (const each of kinds) {
          // The exchange says something between two restarts, and changes it with a delta.
          const isRestart = each.startsWith('restart') && stream.at(-1)?.snapshot === false
          u = isRestart ? 1 : u + 1
          if (!(isRestart && each === 'restart same')) seq++
          stream.push({ u, seq, snapshot: isRestart || each === 'snapshot' })
        }
        const { applied, counters, send } = shared(10)
        const at = [0, 0]
        for (const turn of order) {
          const next = turn ? 1 : 0
          if (at[next] < stream.length) send(next, stream[at[next]++])
        }
        for (const next of [1, 0]) while (at[next] < stream.length) send(next, stream[at[next]++])
        expect(applied).toEqual(stream.map((spec) => `${spec.snapshot ? 'S' : ''}${spec.u}`))
        expect(counters.get('holds_failed')).toBe(0)
      }),
      { numRuns: 300 },
    )
  })
})
