import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { run } from './processes.ts'

const LOAD = ['load-test', '--symbols', '20', '--rate', '3000', '--json']

/** Seconds of load and as many to settle, on a machine that has other work. */
const SLOW_MS = 180_000

describe('bookflow load-test', { timeout: SLOW_MS }, () => {
  it('finds every book equal to the truth of the mock exchange', async () => {
    const ended = await run([...LOAD, '--seconds', '4'])
    expect(ended.stderr).toBe('')
    const verdict = JSON.parse(ended.stdout)
    expect(verdict).toMatchObject({ ok: true, books_wrong: 0, books_live: 20, gaps: 0 })
    expect(verdict.books_compared).toBeGreaterThanOrEqual(20)
    expect(verdict.feature_rows).toBeGreaterThan(100)
    expect(verdict.scores).toBeGreaterThan(0)
    // Rows go on while the two are read, one after the other.
    const measured = verdict.latency_us.socket_to_feature.count
    expect(Math.abs(measured / verdict.feature_rows - 1)).toBeLessThan(0.05)
    expect(verdict.messages_lost).toBe(0)
    expect(verdict.floor.push_to_socket_us.count).toBeGreaterThan(100)
    expect(verdict.floor.p99_ratio).toBeGreaterThan(0)
    const roles = verdict.threads.map((thread: { role: string }) => thread.role)
    expect(roles).toEqual(expect.arrayContaining(['main', 'shard-0', 'execution', 'stream']))
    expect(verdict.warm_up.latency_us.socket_to_feature.count).toBeGreaterThan(0)
    expect(ended.code).toBe(0)
  })

  it('stays correct through lost deltas, garbage, a killed connection and a killed shard', async () => {
    const ended = await run([...LOAD, '--seconds', '8', '--faults', 'standard'])
    const verdict = JSON.parse(ended.stdout)
    expect(verdict).toMatchObject({ ok: true, books_wrong: 0, books_live: 20, shard_restarts: 1 })
    expect(verdict.books_compared).toBeGreaterThanOrEqual(20)
    expect(verdict.gaps).toBeGreaterThan(0)
    expect(verdict.resyncs).toBeGreaterThan(0)
    // Which of the rarer ones are met depends on how many messages the machine had time for.
    expect(Object.keys(verdict.faults).length).toBeGreaterThan(3)
    expect(verdict.faults_unexplained).toBe(0)
    expect(ended.code).toBe(0)
  })

  const plan = join(temporaryFolder('load-plan'), 'plan.json')
  const faults = [
    { kind: 'ack_lost', at_ms: 200 },
    { kind: 'fill_before_ack', at_ms: 600, ms: 300 },
    { kind: 'execution_twice', at_ms: 1000 },
    { kind: 'private_disconnect', at_ms: 1500 },
  ]
  writeFileSync(plan, JSON.stringify(faults))
  const small = ['load-test', '--symbols', '5', '--rate', '500', '--no-floor', '--json']

  it('trades on the account of the mock, in faults of the account, and ends with zeros', async () => {
    const args = ['--seconds', '8', '--gateway', 'bybit', '--faults', plan]
    const ended = await run([...small, ...args])
    expect(ended.stderr).toBe('')
    const verdict = JSON.parse(ended.stdout)
    expect(verdict).toMatchObject({
      duplicate_orders: 0,
      lost_fills: 0,
      position_mismatches: 0,
      unfinished: 0,
      books_wrong: 0,
    })
    expect(verdict.fills).toBeGreaterThan(0)
  })

  it('loses nothing of the market while it trades on the account', async () => {
    const ended = await run([...small, '--seconds', '3', '--gateway', 'bybit'])
    expect(ended.stderr).toBe('')
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: true, messages_lost: 0, gaps: 0 })
  })

  it('says that faults of the account do nothing to orders on paper', async () => {
    const ended = await run([...small, '--seconds', '1', '--faults', plan])
    expect(ended.stderr).toMatch(
      /^load-test: 4 faults of the account do nothing: .*--gateway bybit/,
    )
    expect(JSON.parse(ended.stdout)).not.toHaveProperty('lost_fills')
  })
})
