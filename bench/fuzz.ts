import { mkdirSync, writeFileSync } from 'node:fs'
import { systemSeed } from '../src/core/random.ts'
import { readOptions } from './command-options.ts'
import { DecoderFuzz, type FuzzReport } from './fuzz-decoder.ts'
import { readCorpus } from './fuzz-frames.ts'

/**
 * `npm run fuzz:decoder -- [--seconds 60] [--inputs N] [--seed N] [--captures DIR] [--json]`: damaged
 * frames until the time or the number is reached. Exit code 1 on any difference, with the line that
 * shows it again: `npm run fuzz:decoder -- --input BASE64`.
 */
const CAPTURES = `${process.env.BOOKFLOW_DATA ?? '../shared/data'}/bybit-v5-ws`
const PROGRESS_MS = 60_000
const SECONDS = 60
const USAGE = `
Usage: npm run fuzz:decoder -- [--seconds N | --inputs N] [--seed N] [--captures DIR] [--json]

Damaged frames through the scanner and JSON.parse. Ends with 1 on any difference.

  --seconds N     how long, default ${SECONDS} unless there is --inputs
  --inputs N      how many inputs at most
  --seed N        default: another one each time, printed with the result
  --captures DIR  recorded frames to damage, default ${CAPTURES}
  --input BASE64  only this input, as a failed run printed it
  --json          the result as one JSON object
  --help          this text`

const read = readOptions('fuzz', USAGE, {
  options: {
    seconds: { type: 'string' },
    inputs: { type: 'string' },
    seed: { type: 'string' },
    captures: { type: 'string', default: CAPTURES },
    input: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
if (read.ok) main(read.parsed.values)
else process.exitCode = read.exitCode

type Values = Readonly<{
  seconds?: string
  inputs?: string
  seed?: string
  captures: string
  input?: string
  json: boolean
}>

type Bounds = Readonly<{ inputsMax: number; seconds: number; seed: number }>

/** A number of the command line; NaN for one that is none. */
function numberOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
}

function main(values: Values): void {
  const inputsMax = numberOf(values.inputs, Number.POSITIVE_INFINITY)
  const seconds = numberOf(values.seconds, values.inputs === undefined ? SECONDS : Infinity)
  const seed = numberOf(values.seed, systemSeed())
  if (Number.isNaN(inputsMax + seconds + seed)) {
    process.stderr.write('fuzz: --seconds, --inputs and --seed take a number\n')
    process.exitCode = 2
    return
  }
  // Nearly every input that is refused raises an exception in JSON.parse; its stack is never seen.
  Error.stackTraceLimit = 0
  if (values.input === undefined) run(values, { inputsMax, seconds, seed })
  else repeat(values.captures, values.input)
}

function run(values: Values, { inputsMax, seconds, seed }: Bounds): void {
  const corpus = readCorpus(values.captures)
  const fuzz = new DecoderFuzz(corpus)
  const beganMs = performance.now()
  let shownMs = beganMs
  const report = fuzz.run({
    seed,
    inputsMax,
    isOver: (inputs, differences) => {
      const nowMs = performance.now()
      if (nowMs - shownMs >= PROGRESS_MS) {
        shownMs = nowMs
        process.stderr.write(
          `fuzz: ${inputs.toLocaleString('en-US')} inputs, ${differences} differences ...\n`,
        )
      }
      return nowMs - beganMs >= seconds * 1000
    },
  })
  const elapsed = (performance.now() - beganMs) / 1000
  print(report, { seed, captured: corpus.captured.length }, elapsed, values.json)
  if (report.differences === 0) return
  process.exitCode = 1
  const line = `npm run fuzz:decoder -- --input ${report.firstInput}\n`
  mkdirSync('data', { recursive: true })
  writeFileSync(`data/fuzz-decoder-${seed}.txt`, line)
  process.stdout.write(`first difference: ${report.firstDifference}\n${line}`)
}

function print(
  report: FuzzReport,
  { seed, captured }: Readonly<{ seed: number; captured: number }>,
  elapsedSeconds: number,
  isJson: boolean,
): void {
  const inputsPerSecond = Math.round(report.inputs / elapsedSeconds)
  if (isJson) {
    const { readsPerByteMax, firstDifference, firstInput, ...counts } = report
    const facts = {
      ...counts,
      reads_per_byte_max: readsPerByteMax,
      inputs_per_second: inputsPerSecond,
    }
    const first = { first_difference: firstDifference, first_input: firstInput }
    process.stdout.write(`${JSON.stringify({ seed, captured, ...facts, ...first })}\n`)
    return
  }
  const rows: readonly (readonly [string, number])[] = [
    ['seed', seed],
    ['captured frames', captured],
    ['inputs', report.inputs],
    ['accepted', report.accepted],
    ['rejected', report.rejected],
    ['accepted by JSON.parse alone', report.fallbacks],
    ['reads a byte at most', Number(report.readsPerByteMax.toFixed(1))],
    ['inputs/s', inputsPerSecond],
    ['differences', report.differences],
  ]
  for (const [name, value] of rows) {
    const text = name === 'seed' ? String(value) : value.toLocaleString('en-US')
    process.stdout.write(`${name.padEnd(30)}${text.padStart(16)}\n`)
  }
}

/** One input again, as the line of a failed run gives it. */
function repeat(captures: string, base64: string): void {
  const difference = new DecoderFuzz(readCorpus(captures)).check(Buffer.from(base64, 'base64'))
  process.stdout.write(difference === '' ? 'no difference\n' : `${difference}\n`)
  if (difference !== '') process.exitCode = 1
}
