import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { REDACTED, redactedConfig } from '../../src/config/redaction.ts'
import { configJsonSchema } from '../../src/config/schema.ts'
import { SETTINGS } from '../../src/config/validation.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const folder = temporaryFolder('config')

const EXAMPLE = 'bookflow.example.yaml'
const TOKEN = 'a-token-of-some-length'

function file(text: string, name = 'config.yaml'): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function load(text: string, environment: Record<string, string> = {}) {
  return loadConfig({ file: file(text), environment })
}

/** The lines a person would see. */
function refusal(text: string, environment: Record<string, string> = {}): string[] {
  const loaded = load(text, environment)
  return loaded.ok ? [] : loaded.message.split('\n')
}

function accepted(text: string, environment: Record<string, string> = {}) {
  const loaded = load(text, environment)
  if (!loaded.ok) expect.fail(loaded.message)
  return loaded.value
}

const defaults = accepted('')

/** Dotted paths of the keys of a YAML text, those that are commented out included. */
function pathsIn(yaml: string): string[] {
  const paths: string[] = []
  const stack: string[] = []
  for (const line of yaml.split('\n')) {
    const [, indent, key] = /^((?: {2})*)(?:# )?([a-z0-9_]+):/.exec(line) ?? []
    if (key === undefined) continue
    stack.length = Math.min(stack.length, indent.length / 2)
    stack.push(key)
    paths.push(stack.join('.'))
  }
  return paths
}

describe('defaults', () => {
  it('are the same without a file, with an empty file and with the complete example', () => {
    const noFile = loadConfig({ environment: {} })
    const example = loadConfig({ file: EXAMPLE, environment: {} })
    expect(noFile.ok && noFile.value.config).toEqual(defaults.config)
    expect(example.ok && example.value.config).toEqual(defaults.config)
    expect(defaults.config.symbols).toEqual({ top: 100 })
    expect(defaults.config.execution.limits.daily_loss_fraction).toBe(0.02)
    expect(defaults.config.control.token).toBeUndefined()
    expect(defaults.config.execution.start).toBe('reduce_only')
    expect(defaults.warnings).toEqual([
      expect.stringContaining('nobody can'),
      expect.stringContaining('correlation_groups'),
    ])
  })

  it('are all spelled out in the example, key by key', () => {
    const there = new Set(pathsIn(readFileSync(EXAMPLE, 'utf8')))
    for (const { path } of SETTINGS) expect(there, path.join('.')).toContain(path.join('.'))
    expect(there).toContain('execution.limits.reward_risk_min')
    expect(there).not.toContain('execution.reward_risk_min')
  })

  it('stand where a section has all its keys commented out', () => {
    const { config } = accepted('feed:\n  # depth: 1\nexecution:\n  limits:\ninstruments:\n')
    expect(config).toEqual(defaults.config)
  })

  it('are frozen to the bottom', () => {
    expect(Object.isFrozen(defaults.config)).toBe(true)
    expect(Object.isFrozen(defaults.config.feed.backoff_ms)).toBe(true)
    expect(Object.isFrozen(defaults.config.strategies[0].params)).toBe(true)
  })

  it('match the published JSON Schema', async () => {
    await expect(configJsonSchema()).toMatchFileSnapshot('../../schemas/config.json')
  })
})

describe('a wrong file', () => {
  it.each([
    ['feed:\n  depht: 50\n', ['config.yaml:2: feed.depht: unknown key, did you mean depth?']],
    ['depth: 50\n', ['config.yaml:1: depth: unknown key here, did you mean feed.depth?']],
    [
      'feed:\n  resync:\n    zebra: 1\n',
      ['config.yaml:3: feed.resync.zebra: unknown key, known in feed.resync: per_second, burst'],
    ],
    [
      'feed:\n\n  depth: 51\n',
      ['config.yaml:3: feed.depth: must be one of 1, 50, 200, 1000, not 51'],
    ],
    [
      'log_level: inof\n',
      [
        'config.yaml:1: log_level: must be one of debug, info, warn, error, silent, not "inof", did you mean info?',
      ],
    ],
    ['feed: 3\n', ['config.yaml:1: feed: must be a section of keys, not 3']],
    [
      'feed:\n  depth:\n',
      ['config.yaml:2: feed.depth: must be one of 1, 50, 200, 1000, but it is empty'],
    ],
    [
      'feed:\n  fusion:\n    enabled: true\n    depths: [1, 200]\n',
      [
        'config.yaml:4: feed.fusion.depths: must contain feed.depth, which is 50: features come from it',
      ],
    ],
    [
      'symbols: [BTCUSDT]\ncross:\n  leader: BTCUSD\n',
      ['config.yaml:3: cross.leader: BTCUSD is not one of symbols, did you mean BTCUSDT?'],
    ],
    [
      'model:\n  enabled: yes\n',
      ['config.yaml:2: model.enabled: must be true or false, not "yes"'],
    ],
    [
      'mode: live\n',
      [
        'config.yaml:1: mode: live needs execution.gateway: bybit',
        'config.yaml:1: mode: live needs execution.live_confirm: "I understand", as orders cost money',
        'config.yaml:1: control.token: live needs it, as nobody could kill or resume: set BOOKFLOW_CONTROL_TOKEN',
      ],
    ],
    [
      'symbols: {topp: 3}\n',
      [
        'config.yaml:1: symbols.top: is missing',
        'config.yaml:1: symbols.topp: unknown key, did you mean top?',
      ],
    ],
    [
      'symbols: 100\n',
      [
        'config.yaml:1: symbols: must be a list of symbols, or {top: N} for the N with the largest turnover, not 100',
      ],
    ],
    [
      'symbols:\n  - BTCUSDT\n  - eth\n',
      [
        'config.yaml:3: symbols[1]: must look like ^[A-Z0-9]{2,30}$ (capital letters and digits), not "eth"',
      ],
    ],
    ['symbols: [A1, B1, A1]\n', ['config.yaml:1: symbols: has the same entry twice, at 2 and 0']],
    ['feed: {shards: 17}\n', ['config.yaml:1: feed.shards: must be at most 16, not 17']],
    [
      'feed: {shards: many}\n',
      ['config.yaml:1: feed.shards: must be one of auto, a number, not "many"'],
    ],
    [
      'execution: {limits: {spread_bps_max: none}}\n',
      ['config.yaml:1: execution.limits.spread_bps_max: must be one of off, a number, not "none"'],
    ],
    [
      'alerts: {kinds: {wall_appeard: {on: 3}}}\n',
      ['config.yaml:1: alerts.kinds.wall_appeard: unknown key, did you mean wall_appeared?'],
    ],
    [
      'execution:\n  limits:\n    daily_loss_fraction: 0.06\n',
      ['config.yaml:3: execution.limits.daily_loss_fraction: must be at most 0.05, not 0.06'],
    ],
    [
      'instruments:\n  BTCUSDT:\n    tick_size: -0.1\n',
      [
        'config.yaml:3: instruments.BTCUSDT.tick_size: must be a positive decimal number such as 0.001, not "-0.1"',
      ],
    ],
    [
      'instruments:\n  btc: {}\n',
      ['config.yaml:2: instruments.btc: is not a symbol: capital letters and digits'],
    ],
    [
      'strategies:\n  - name: a\n    kind: order_book_scalper\n  - name: a\n    kind: scalpr\n',
      ['config.yaml:5: strategies[1].kind: must be order_book_scalper, not "scalpr"'],
    ],
    [
      'control:\n  token: short\n',
      ['config.yaml:2: control.token: must have at least 16 character(s)'],
    ],
    ['a: [1\n', [expect.stringMatching(/^config\.yaml:\d: flow sequence/)]],
    [
      'mode: paper\nmode: paper\n',
      [expect.stringMatching(/^config\.yaml:2: map keys must be unique/)],
    ],
    ['- 1\n', ['config.yaml:1: must be a list of key: value']],
    ['mode: !secret paper\n', [expect.stringMatching(/^config\.yaml:1: unresolved tag/)]],
  ])('is refused in one line a mistake: %j', (text, lines) => {
    expect(refusal(text)).toEqual(lines)
  })

  it('reports every mistake at once', () => {
    const lines = refusal(
      'mod: paper\nfeed:\n  depht: 50\n  ping_period_ms: fast\nstream:\n  port: 70000\n',
    )
    expect(lines).toHaveLength(4)
  })

  it('is refused when it cannot be read', () => {
    const missing = loadConfig({ file: join(folder, 'no.yaml'), environment: {} })
    expect(missing).toMatchObject({ ok: false, code: 'config_unreadable' })
    expect(!missing.ok && missing.message).toMatch(/no\.yaml: no such file$/)
    const isFolder = loadConfig({ file: folder, environment: {} })
    expect(!isFolder.ok && isFolder.message).toMatch(/is a folder, not a file$/)
  })

  it('cannot make the aliases of YAML explode', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (let i = 0; i < 8; i++) {
      const [from, to] = ['abcdefghi'[i], 'abcdefghi'[i + 1]]
      bomb.push(`${to}: &${to} [${`*${from},`.repeat(9).slice(0, -1)}]`)
    }
    expect(refusal(bomb.join('\n'))).toEqual([expect.stringMatching(/alias/i)])
  })

  it('never brings an exception, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'grapheme' }), (text) => {
        const loaded = load(text)
        if (!loaded.ok) expect(loaded.message).not.toBe('')
      }),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const loaded = load(text)
        if (!loaded.ok) expect(loaded.problems.length).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('relations between keys', () => {
  it.each([
    ['feed: {backoff_ms: {min: 500, max: 100}}', 'feed.backoff_ms.min', 'feed.backoff_ms.max'],
    [
      'execution: {limits: {order_notional_max: 9000}}',
      'execution.limits.order_notional_max',
      'execution.limits.position_notional_max',
    ],
    [
      'execution: {limits: {position_notional_max: 30000}}',
      'execution.limits.position_notional_max',
      'execution.limits.total_notional_max',
    ],
    [
      'feed: {stale_after_ms: {book: 1000}}',
      'execution.limits.book_age_ms_max',
      'feed.stale_after_ms.book',
    ],
    ['stream: {port: 8080}', 'stream.port', 'control.port'],
    ['stream: {host: 0.0.0.0}', 'stream.host', 'BOOKFLOW_STREAM_TOKEN'],
    ['feed: {topics: [tickers]}', 'feed.topics', 'orderbook'],
    ['feed: {symbols_per_connection: 200}', 'feed.symbols_per_connection', 'at most 145 symbols'],
    ['feed: {shards: 1, symbols_per_connection: 1}', 'feed.symbols_per_connection', 'room for 64'],
    [
      'symbols: [BTCUSDT]\ninstruments: {BTCUSD: {}}',
      'instruments.BTCUSD',
      'did you mean BTCUSDT?',
    ],
    [
      'strategies: [{name: a, kind: order_book_scalper}, {name: a, kind: order_book_scalper}]',
      'strategies[1].name',
      'strategies[0]',
    ],
  ])('are kept: %s', (text, path, mention) => {
    const lines = refusal(text)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`: ${path}: `)
    expect(lines[0]).toContain(mention)
  })
})

describe('exact decimals', () => {
  it('keep the text of a number, so that 0.10 and 1e-8 steps stay what was written', () => {
    const { config } = accepted(
      'instruments:\n  BTCUSDT:\n    tick_size: 0.10\n    qty_step: "0.00000001"\n    ref_notional: 50000\n',
    )
    expect(config.instruments.BTCUSDT).toEqual({
      tick_size: '0.10',
      qty_step: '0.00000001',
      ref_notional: '50000',
    })
  })
})

describe('the environment', () => {
  it('wins over the file, and options win over both', () => {
    const path = file('feed:\n  depth: 1\ncontrol:\n  port: 1000\n')
    const environment = { BOOKFLOW_FEED_DEPTH: '200', BOOKFLOW_CONTROL_PORT: '2000' }
    const loaded = loadConfig({ file: path, environment, options: { 'control.port': 0 } })
    if (!loaded.ok) expect.fail(loaded.message)
    expect(loaded.value.config.feed.depth).toBe(200)
    expect(loaded.value.config.control.port).toBe(0)
  })

  it.each([
    [{ BOOKFLOW_SYMBOLS: 'BTCUSDT, ETHUSDT' }, { symbols: ['BTCUSDT', 'ETHUSDT'] }],
    [{ BOOKFLOW_SYMBOLS: '{top: 7}' }, { symbols: { top: 7 } }],
    [{ BOOKFLOW_MODEL_ENABLED: 'false' }, { model: { enabled: false } }],
    [{ BOOKFLOW_FEED_SHARDS: '3' }, { feed: { shards: 3 } }],
    [{ BOOKFLOW_FEED_SHARDS: 'auto' }, { feed: { shards: 'auto' } }],
    [{ BOOKFLOW_DATA_FOLDER: '123' }, { data_folder: '123' }],
    [
      { BOOKFLOW_EXECUTION_LIMITS_OPEN_SYMBOLS_MAX: '4' },
      { execution: { limits: { open_symbols_max: 4 } } },
    ],
    [{ BOOKFLOW_LOG_LEVEL: '' }, { log_level: 'info' }],
  ])('sets %j', (environment, expected) => {
    expect(accepted('', environment).config).toMatchObject(expected)
  })

  it('is checked like the file, and names the variable', () => {
    expect(refusal('', { BOOKFLOW_FEED_DEPTH: '51' })).toEqual([
      'environment BOOKFLOW_FEED_DEPTH: feed.depth: must be one of 1, 50, 200, 1000, not 51',
    ])
    expect(refusal('', { BOOKFLOW_FEED_DEPHT: '50' })).toEqual([
      'environment BOOKFLOW_FEED_DEPHT: unknown variable, did you mean BOOKFLOW_FEED_DEPTH?',
    ])
    expect(refusal('feed: 3\n', { BOOKFLOW_FEED_DEPTH: '50' })[0]).toBe(
      'environment BOOKFLOW_FEED_DEPTH: feed.depth: the file has a value where a section of keys belongs',
    )
  })

  it('may carry variables of the cluster, with a warning, and of the tests', () => {
    const { warnings } = accepted('', { BOOKFLOW_SERVICE_HOST: '10.0.0.1', BOOKFLOW_DATA: '/x' })
    const ignored = 'environment BOOKFLOW_SERVICE_HOST: unknown variable (ignored)'
    expect(warnings[0]).toBe(ignored)
    expect(warnings.slice(1).join()).not.toContain('BOOKFLOW_DATA')
  })

  it('has one name for each setting', () => {
    const names = SETTINGS.map(({ path }) => path.join('_'))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('secrets', () => {
  const asFile = file(`${TOKEN}\n`, 'token')
  const asList = file(`# secrets\nexport BOOKFLOW_CONTROL_TOKEN="${TOKEN}"\nOTHER=1\n`, 'secrets')

  it.each([
    ['the variable', { BOOKFLOW_CONTROL_TOKEN: TOKEN }],
    ['a file', { BOOKFLOW_CONTROL_TOKEN_FILE: asFile }],
    ['base64', { BOOKFLOW_CONTROL_TOKEN_B64: Buffer.from(TOKEN).toString('base64') }],
    ['the list', { SECRETS_FILE: asList }],
    ['the list of our own name', { BOOKFLOW_SECRETS_FILE: asList }],
    [
      'the variable before the list',
      {
        SECRETS_FILE: file('BOOKFLOW_CONTROL_TOKEN=older-token-than-that', 'old'),
        BOOKFLOW_CONTROL_TOKEN: TOKEN,
      },
    ],
  ])('come from %s', (_source, environment) => {
    expect(accepted('', environment).config.control.token).toBe(TOKEN)
  })

  it.each([
    [
      { BOOKFLOW_CONTROL_TOKEN_FILE: join(folder, 'none') },
      /TOKEN_FILE: control\.token: .*no such file$/,
    ],
    [{ BOOKFLOW_CONTROL_TOKEN_B64: 'not base64!' }, /TOKEN_B64: control\.token: is not base64$/],
    [{ BOOKFLOW_CONTROL_TOKEN_B64: '/////w==' }, /is not UTF-8 text in base64$/],
    [
      { BOOKFLOW_CONTROL_TOKEN: TOKEN, BOOKFLOW_CONTROL_TOKEN_FILE: asFile },
      /is set by BOOKFLOW_CONTROL_TOKEN and BOOKFLOW_CONTROL_TOKEN_FILE: keep one$/,
    ],
    [{ BOOKFLOW_CONTROL_TOKEN_FILE: file('\n', 'empty') }, /is an empty secret$/],
    [
      { BOOKFLOW_CONTROL_TOKEN: 'geheim' },
      /^environment BOOKFLOW_CONTROL_TOKEN: control\.token: must have at least 16/,
    ],
    [
      { SECRETS_FILE: file('BOOKFLOW_CONTROL_TOKN=1', 'typo') },
      /typo:1: BOOKFLOW_CONTROL_TOKN is no secret/,
    ],
    [{ SECRETS_FILE: file('what', 'odd') }, /odd:1: must be NAME=value$/],
  ])('are refused, unshown: %j', (environment, line) => {
    const lines = refusal('', environment)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(line)
    expect(lines[0]).not.toContain('geheim')
  })

  it('are redacted for printing and warned about in the file', () => {
    const { config, warnings } = accepted(`control:\n  token: ${TOKEN}\n`)
    expect(JSON.stringify(redactedConfig(config))).not.toContain(TOKEN)
    expect(redactedConfig(config).control).toMatchObject({ token: REDACTED })
    expect(redactedConfig(config).stream).not.toHaveProperty('token')
    expect(config.control.token).toBe(TOKEN)
    expect(warnings).toEqual([
      expect.stringMatching(/^config\.yaml:2: control\.token: a secret in/),
      expect.stringContaining('correlation_groups'),
    ])
  })
})
