import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { createLogger } from '../core/log.ts'
import { systemTimers } from '../core/timer.ts'
import { LISTED_MAX, listInstruments } from '../sim/instruments.ts'
import { type MockExchange, startMockExchange } from '../sim/mock-exchange.ts'
import { parseMoney } from '../sim/money.ts'
import type { AccountSettings } from '../sim/private-side.ts'
import { TEST_KEY } from '../sim/signature.ts'
import { readEpisodePlan } from './episode-file.ts'
import { FAULT_HELP, readFaultPlan } from './fault-file.ts'
import { EXIT_FAILED, EXIT_USAGE, failCommand, wholeNumber, writeOut } from './terminal.ts'

type Options = {
  host: string
  port: number
  symbols: number | string[]
  rate: number
  seed: number
  faults: string
  episodes: string
  replay?: string
  speed: number
  apiKey: string
  apiSecret: string
  balance: string
  fundingMinutes?: number
  historyLagMs: number
  json?: boolean
}

const RATE_MAX = 1_000_000
const SPEED_MAX = 10_000
const STATUS_PERIOD_MS = 5000

const EXAMPLES = `
Examples:
  bookflow mock-exchange                          100 symbols, 2000 messages a second on port 8090
  bookflow mock-exchange --rate 20000 --seed 7    busier, another market
  bookflow mock-exchange --rate max               as fast as one core goes
  bookflow mock-exchange --symbols BTCUSDT,ETHUSDT --faults standard
  bookflow mock-exchange --faults plan.yaml       a list of {kind, at_ms or per_million, count}
  bookflow mock-exchange --replay capture.jsonl.gz --speed 10

What it serves:
  ws://HOST:PORT/v5/public/linear and /spot
      orderbook.{1,50,200,1000}, publicTrade, tickers, kline.*, allLiquidation (linear)
  http://HOST:PORT/v5/market/...
      time, instruments-info, orderbook, recent-trade, kline, tickers
  ws://HOST:PORT/v5/private and /v5/trade, http://HOST:PORT/v5/{order,position,execution,account}/...
      one account in USDT perpetuals: signed requests, its orders in the same books
  http://HOST:PORT/mock/{stats,truth,faults,plan,rate,episodes,account,private-faults}
      for tests: counters, exact books by u, faults on request and by plan, the pace, episodes,
      every order, execution and position of the account, and the faults it met

Exit code: 0 ended by Ctrl-C, 1 could not start, 2 wrong usage.`

/**
 * `bookflow mock-exchange`: a Bybit v5 exchange of its own, for demonstrations, tests and load.
 */
export function mockExchangeCommand(): Command {
  const command = new Command('mock-exchange')
  return command
    .description(
      'Run a mock of Bybit v5, market data and one account: real matching, seeded, truth, faults.',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--port <number>',
      'port to listen on, 0 for a free one',
      wholeNumber(command, '--port', 0, 65_535),
      8090,
    )
    .option(
      '--symbols <number|list>',
      `how many instruments, or their names with commas (at most ${LISTED_MAX})`,
      symbolsOption(command),
      LISTED_MAX,
    )
    .option(
      '--rate <number|max>',
      'messages a second over all subscribed topics; 0 stands still',
      rateOption(command),
      2000,
    )
    .option(
      '--seed <number>',
      'the same seed makes the same market',
      wholeNumber(command, '--seed', 0, 2 ** 32 - 1),
      1,
    )
    .option('--faults <plan>', 'none, standard, hostile, or a YAML or JSON file', 'none')
    .option('--episodes <plan>', 'market episodes: none, standard, or a JSON file', 'none')
    .option('--replay <file>', 'send a capture (plain or .gz) instead of a generated market')
    .option(
      '--speed <factor>',
      'pace of the replay against the recorded one',
      speedOption(command),
      1,
    )
    .option('--api-key <key>', 'of the account', TEST_KEY.key)
    .option('--api-secret <secret>', 'that its requests are signed with', TEST_KEY.secret)
    .option('--balance <usdt>', 'that the account begins with', balanceOption(command), '100000')
    .option(
      '--funding-minutes <number>',
      'between payments of funding (default: as each instrument has it)',
      wholeNumber(command, '--funding-minutes', 1, 1440),
    )
    .option(
      '--history-lag-ms <number>',
      'how far the order history is behind',
      wholeNumber(command, '--history-lag-ms', 0, 3_600_000),
      200,
    )
    .option('--json', 'one JSON object when ready and every 5 s')
    .addHelpText('after', `${EXAMPLES}\n\n${FAULT_HELP}`)
    .action((options: Options) => run(options))
}

async function run(options: Options): Promise<void> {
  const { host, port, symbols, rate, seed, replay, speed } = options
  const plan = readFaultPlan(options.faults)
  if (!plan.ok) return failCommand(plan.message, EXIT_USAGE)
  const episodes = readEpisodePlan(options.episodes, symbols)
  if (!episodes.ok) return failCommand(episodes.message, EXIT_USAGE)
  const log = createLogger('mock-exchange', 'warn', process.stderr)
  const common = { host, port, symbols, rate, seed, speed, log, account: accountOf(options) }
  const ports = { clock: systemClock, timers: systemTimers }
  const started = await startMockExchange(
    replay === undefined
      ? { ...common, ...ports, episodes: episodes.value }
      : { ...common, ...ports, replay },
  )
  if (!started.ok) {
    failCommand(started.message)
    return
  }
  const mock = started.value
  mock.setPlan(plan.value.faults)
  mock.privately?.setPlan(plan.value.privately)
  process.send?.({ type: 'ready', port: mock.port })
  announce(options, mock.port)
  const stopStatus = showStatus(options, mock)
  let isEnding = false
  const end = async () => {
    if (isEnding) process.exit(EXIT_FAILED)
    isEnding = true
    stopStatus()
    await mock.stop()
    process.exit(0)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  // A child whose parent is gone has nobody to serve.
  if (process.send !== undefined) process.on('disconnect', end)
}

function accountOf(options: Options): AccountSettings {
  const { apiKey: key, apiSecret: secret, balance, fundingMinutes, historyLagMs } = options
  const funding = fundingMinutes === undefined ? {} : { fundingIntervalMs: fundingMinutes * 60_000 }
  return { keys: [{ key, secret }], balance, historyLagMs, ...funding }
}

function announce(options: Options, port: number): void {
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const ws = `ws://${host}:${port}`
  const rest = `http://${host}:${port}`
  if (options.json === true) {
    writeOut(`${JSON.stringify({ type: 'ready', port, ws, rest })}\n`)
    return
  }
  const what = options.replay ?? `seed ${options.seed}, ${rateText(options.rate)}`
  writeOut(`mock exchange ready: ${ws}/v5/public/linear and ${rest}/v5/market (${what})\n`)
  if (options.replay !== undefined) return
  // The test key is in the help for everybody; another one is not ours to show.
  const isTest = options.apiSecret === TEST_KEY.secret
  const secret = isTest ? ` with secret ${TEST_KEY.secret}` : ''
  writeOut(`account: ${ws}/v5/private and /v5/trade, key ${options.apiKey}${secret}\n`)
}

function rateText(rate: number): string {
  return Number.isFinite(rate) ? `${rate} messages/s` : 'flat out'
}

/** A line every 5 s on a terminal, an object with --json, else nothing. */
function showStatus(options: Options, mock: MockExchange): () => void {
  const isTerminal = process.stdout.isTTY === true
  if (!isTerminal && options.json !== true) return () => {}
  let sentBefore = mock.stats().messages_sent
  let cpuBefore = process.cpuUsage()
  return systemTimers.every(STATUS_PERIOD_MS, () => {
    const stats = mock.stats()
    const cpu = process.cpuUsage(cpuBefore)
    cpuBefore = process.cpuUsage()
    const cores = (cpu.user + cpu.system) / 1000 / STATUS_PERIOD_MS
    const perSecond = ((stats.messages_sent - sentBefore) * 1000) / STATUS_PERIOD_MS
    sentBefore = stats.messages_sent
    if (options.json === true) {
      const figures = { messages_per_second: perSecond, cpu_cores: Number(cores.toFixed(3)) }
      writeOut(`${JSON.stringify({ type: 'status', ...stats, ...figures })}\n`)
      return
    }
    const people = `${stats.connections} connections, ${stats.topics} topics`
    const pace = `${Math.round(perSecond)} messages/s, ${stats.behind_ms} ms behind`
    const dropped = stats.dropped_clients === 0 ? '' : `, ${stats.dropped_clients} clients dropped`
    writeOut(`${people}, ${pace}, ${Math.round(cores * 100)} % of a core${dropped}\n`)
  })
}

function symbolsOption(command: Command) {
  return (text: string): number | string[] => {
    if (/^\d+$/.test(text)) return wholeNumber(command, '--symbols', 1, LISTED_MAX)(text)
    const names = [...new Set(text.split(',').map((name) => name.trim().toUpperCase()))]
    const known = new Set(listInstruments('linear', LISTED_MAX).map((listed) => listed.symbol))
    const unknown = names.find((name) => !known.has(name))
    if (unknown === undefined) return names
    return usageError(command, `option --symbols: ${unknown} is not listed`)
  }
}

function rateOption(command: Command) {
  return (text: string): number => {
    if (text === 'max') return Number.POSITIVE_INFINITY
    const rate = text.trim() === '' ? Number.NaN : Number(text)
    if (rate >= 0 && rate <= RATE_MAX) return rate
    return usageError(command, `option --rate: ${text} is neither max nor from 0 to ${RATE_MAX}`)
  }
}

function balanceOption(command: Command) {
  return (text: string): string => {
    if ((parseMoney(text) ?? 0n) > 0n) return text
    return usageError(command, `option --balance: ${text} is no amount above 0`)
  }
}

function speedOption(command: Command) {
  return (text: string): number => {
    const speed = Number(text)
    if (speed > 0 && speed <= SPEED_MAX) return speed
    return usageError(command, `option --speed: ${text} is not above 0 and up to ${SPEED_MAX}`)
  }
}

function usageError(command: Command, text: string): never {
  return command.error(`error: ${text}`, { exitCode: EXIT_USAGE })
}
