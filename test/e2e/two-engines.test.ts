import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeStormConfig } from '../../bench/storm-engine.ts'
import { StormJournal } from '../../bench/storm-journal.ts'
import { DemoKeys } from '../../src/cli/demo-account.ts'
import { MockProcess } from '../../src/cli/mock-process.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { readJournal } from './journal-fold.ts'
import { Program, until } from './processes.ts'

const ROOT = pathToFileURL(join(import.meta.dirname, '../../'))
const MODEL = new URL('models/scalper-v1', ROOT).pathname
const SYMBOLS = 3
/** For one state of an engine, on a machine that has other work. */
const SECONDS_MAX = 180
const keys = new DemoKeys()
const running = new Set<Program>()
let mock: MockProcess

beforeAll(async () => {
  const program = new URL('dist/main.js', ROOT)
  const options = { port: 0, symbols: SYMBOLS, rate: 300, seed: 1, program }
  const started = await MockProcess.start(options)
  if (!started.ok) expect.unreachable(started.message)
  else mock = started.value
})
afterAll(async () => {
  for (const engine of running) await killed(engine)
  keys.remove()
  await mock.stop()
})

function start(data: string, environment: Readonly<Record<string, string>> = {}): Program {
  const { file } = writeStormConfig(data, { mock, keys, model: MODEL, symbols: SYMBOLS })
  const engine = new Program(['run', '--config', file], environment)
  running.add(engine)
  return engine
}

async function killed(engine: Program): Promise<void> {
  running.delete(engine)
  engine.child.kill('SIGKILL')
  await engine.ended
}

/** Until it has agreed with the account and placed orders of its own. */
async function untilTrading(data: string, runs: number): Promise<void> {
  const journal = new StormJournal(data)
  const isTrading = () => {
    journal.catchUp()
    return journal.runs >= runs && journal.isReconciled && journal.ordersOfRun > 0
  }
  await until('order', () => (isTrading() ? true : undefined), SECONDS_MAX)
  journal.close()
}

async function expectRefused(engine: Program, text: RegExp): Promise<void> {
  const { code, stderr } = await engine.ended
  running.delete(engine)
  expect(stderr.trim()).toMatch(text)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(1)
}

describe('two engines', () => {
  const [first, second] = [temporaryFolder('first'), temporaryFolder('second')]
  let holder: Program

  it('of one data folder: the second is refused, and names the process that has it', async () => {
    holder = start(first)
    await untilTrading(first, 1)
    const { pid } = holder.child
    await expectRefused(start(first), new RegExp(`^bookflow: .*in use by process ${pid}$`))
  }, 300_000)

  it('of one account with two data folders: the second is refused, and names it too', async () => {
    const { pid } = holder.child
    const text = `^bookflow: the account of key \\w+ is traded by another process: .* process ${pid}$`
    await expectRefused(start(second), new RegExp(text))
    expect(readJournal(second)).toEqual([])
  }, 300_000)

  it('of two machines: the second sees the orders of the first, and opens nothing', async () => {
    // Two machines do not share the folder for temporary files, in which the lock lies.
    const elsewhere = temporaryFolder('elsewhere')
    const other = start(second, { TMPDIR: elsewhere })
    const opened = (from: number) =>
      readJournal(second)
        .slice(from)
        .filter((record) => record.type === 'order_created' && record.reduce_only === false)
    const denials = () => {
      const records = readJournal(second)
      return records.flatMap((record, at) =>
        record.type === 'intent_denied' && record.reason === 'instance_lock' ? [at] : [],
      )
    }
    const seen = (count: number) => () => (denials().length >= count ? true : undefined)
    await until('denial', seen(1), SECONDS_MAX)
    const [firstDenial] = denials()
    await until('further denials', seen(4), SECONDS_MAX)
    expect(opened(firstDenial)).toEqual([])
    await killed(other)
    // Each has ids of its own: nothing was placed twice, and nobody was taken for the other.
    expect((await mock.account())?.duplicate_link_ids).toBe(0)
  }, 300_000)

  it('one after the other: once the first was killed, the next one takes its place', async () => {
    await killed(holder)
    const third = temporaryFolder('third')
    const next = start(third)
    await untilTrading(third, 1)
    next.child.kill('SIGINT')
    running.delete(next)
    expect((await next.ended).code).toBe(0)
  }, 300_000)
})
