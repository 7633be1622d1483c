import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Ended, Program, run } from './processes.ts'

let mock: Program
let mockPort: string
const folder = temporaryFolder()

beforeAll(async () => {
  mock = new Program(['mock-exchange', '--port', '0', '--symbols', '2', '--rate', '20'])
  mockPort = (await mock.printed(/:(\d+)/))[1]
})

afterAll(async () => {
  mock.child.kill('SIGTERM')
  await mock.ended
})

/** A configuration that works, with lines that replace those of the same section. */
async function start(sections: Readonly<Record<string, string>>): Promise<Ended> {
  const all: Record<string, string> = {
    exchange: `{ws_url: "ws://127.0.0.1:${mockPort}", rest_url: "http://127.0.0.1:${mockPort}"}`,
    symbols: '{top: 2}',
    data_folder: JSON.stringify(join(folder, 'data')),
    log_level: 'silent',
    control: '{port: 0}',
    stream: '{port: 0}',
    ...sections,
  }
  const path = join(folder, 'bookflow.yaml')
  writeFileSync(
    path,
    Object.entries(all)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  )
  return run(['run', '--config', path])
}

function expectOneLine(ended: Ended, code: number, text: RegExp): void {
  expect(ended.stderr.trim()).toMatch(text)
  expect(ended.stderr.trim().split('\n')).toHaveLength(1)
  expect(ended.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m)
  expect(ended.code).toBe(code)
}

describe('bookflow run says in one line why it cannot start', () => {
  it('when the host is wrong', async () => {
    const rest = '{ws_url: "ws://127.0.0.1:1", rest_url: "http://127.0.0.1:1"}'
    expectOneLine(await start({ exchange: rest }), 1, /127\.0\.0\.1:1|market/)
  })

  it('when a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    expectOneLine(await start({ control: `{port: ${port}}` }), 1, new RegExp(`${port}.*in use`))
    expectOneLine(await start({ stream: `{port: ${port}}` }), 1, new RegExp(`${port}.*in use`))
    server.close()
  })

  it('when a key is unknown, with the nearest known one', async () => {
    expectOneLine(await start({ feed: '{depht: 50}' }), 2, /depht.*depth/)
  })

  it('when the model is missing', async () => {
    const model = `{folder: ${JSON.stringify(join(folder, 'no-model'))}}`
    expectOneLine(await start({ model }), 1, /no-model/)
  })

  it('when a strategy reads a feature that is switched off', async () => {
    const strategies = '[{name: a, kind: order_book_scalper, params: {imbalance_feature: z_imb_5}}]'
    const ended = await start({ strategies, features: '{groups: [C, E]}' })
    expectOneLine(ended, 1, /imbalance_feature: z_imb_5 is switched off; add N to features.groups/)
  })

  it('when a group of features does not exist', async () => {
    expectOneLine(await start({ features: '{groups: [A, Z]}' }), 2, /features\.groups/)
  })

  it('when the data folder cannot be written', async () => {
    const file = join(folder, 'a-file')
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, '')
    const path = JSON.stringify(join(file, 'data'))
    expectOneLine(await start({ data_folder: path }), 1, /data_folder.*a-file/)
  })

  it('when a symbol does not exist', async () => {
    expectOneLine(await start({ symbols: '[BTCUSDTT]' }), 1, /BTCUSDTT/)
  })

  it('when the configuration file is missing', async () => {
    const ended = await run(['run', '--config', join(folder, 'none.yaml')])
    expectOneLine(ended, 2, /none\.yaml/)
  })
})

describe('the command line', () => {
  it('refuses what it does not know with exit code 2', async () => {
    for (const args of [['runn'], ['run', '--confg', 'x'], ['books'], ['demo', '--rate', 'fast']]) {
      const ended = await run(args)
      expect(ended.code).toBe(2)
      expect(ended.stderr).toMatch(/error/)
    }
  })

  it.each([
    'demo',
    'run',
    'mock-exchange',
    'features',
    'books',
    'load-test',
    'simulate',
    'journal',
    'check-config',
  ])('explains %s', async (command) => {
    const ended = await run([command, '--help'])
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain(`Usage: bookflow ${command}`)
  })
})

describe('wrong usage is said before anything starts', () => {
  it.each([
    [['demo', '--faults', 'hostil'], /option --faults: hostil is neither none, standard, hostile/],
    [['load-test', '--faults', 'hostil'], /option --faults: hostil is neither/],
    [['mock-exchange', '--faults', 'hostil'], /option --faults: hostil is neither/],
    [['demo', '--symbols', '101'], /option --symbols: 101 is not a whole number from 1 to 100/],
    [
      ['load-test', '--symbols', '101'],
      /option --symbols: 101 is not a whole number from 1 to 100/,
    ],
    [['load-test', '--p99-max-us', '5'], /--p99-max-us is the bound of --ramp: add --ramp, or/],
  ])('%s', async (words, text) => {
    const ended = await run(words)
    expect(ended.stderr).toMatch(text)
    expect(ended.stdout).toBe('')
    expect(ended.code).toBe(2)
  })
})
