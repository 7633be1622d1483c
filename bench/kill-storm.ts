import { readOptions } from './command-options.ts'
import { Storm } from './storm.ts'

/**
 * `npm run kill-storm -- --kills 300`: the whole engine trades on the account of a mock exchange,
 * over its signed sockets, and is killed with SIGKILL at random moments, while it starts, recovers
 * or trades. In the end one more start must agree with the exchange's own account. Exit code 1 when
 * a number that must be zero is not.
 */
const USAGE = `
Usage: npm run kill-storm -- [--kills N] [--seed N] [--symbols N] [--rate N] [--life-ms N] [--json]

Kills a trading engine at random moments and compares it with the exchange's account.

  --kills N     default 300
  --seed N      of the moments and the market, default 1
  --symbols N   instruments that are traded, default 3
  --rate N      messages a second of the mock exchange, default 300
  --life-ms N   the longest that an engine lives once it trades, default 1000
  --json        the verdict as one JSON object in one line
  --help        this text

Ctrl-C ends the killing and still compares; once more leaves at once.
Exit code 0 when every number that must be zero is, 1 when not, 2 for wrong usage.`

async function main(): Promise<number> {
  const text = (value: number) => ({ type: 'string', default: `${value}` }) as const
  const read = readOptions('kill-storm', USAGE, {
    options: {
      kills: text(300),
      seed: text(1),
      symbols: text(3),
      rate: text(300),
      'life-ms': text(1000),
      json: { type: 'boolean', default: false },
    },
  })
  if (!read.ok) return read.exitCode
  const { values } = read.parsed
  const [kills, seed, symbols, rate, lifeMsMax] = [
    values.kills,
    values.seed,
    values.symbols,
    values.rate,
    values['life-ms'],
  ].map(Number)
  const numbers = { kills, seed, symbols, rate, lifeMsMax }
  if (Object.values(numbers).some((value) => !Number.isSafeInteger(value) || value < 1)) {
    process.stderr.write('kill-storm: every option is a number of 1 or more\n')
    return 2
  }
  const say = (line: string) => process.stderr.write(`kill-storm: ${line}\n`)
  const program = new URL('../../main.js', import.meta.url)
  const storm = new Storm({ ...numbers, program }, say)
  let signals = 0
  const stop = () => {
    if (++signals > 1) process.exit(130)
    say('no more kills; journal and account are compared')
    storm.stop()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const verdict = await storm.run()
  if (typeof verdict === 'string') {
    say(verdict)
    return 1
  }
  process.stdout.write(`${JSON.stringify(verdict, null, values.json ? undefined : 2)}\n`)
  return verdict.ok ? 0 : 1
}

process.exitCode = await main()
