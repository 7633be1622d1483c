import { readOptions } from './command-options.ts'
import { OracleRun } from './oracle-run.ts'

/**
 * `npm run oracle -- --messages N --seed S --depths 1,50,200,1000 --faults PER_MILLION`: fast books
 * against slow ones, after every message. Exit code 1 at any difference, 2 for wrong usage.
 */
const PROGRESS_MESSAGES = 10_000
const PROGRESS_MS = 10_000

const USAGE = `
Usage: npm run oracle -- [--messages N] [--seed N] [--depths LIST] [--faults PER_MILLION] [--json]

Fast books against slow ones after every message. Ends with 1 at any difference.

  --messages N   messages in all, default 1000000
  --seed N       of market and faults, default 1
  --depths LIST  of 1,50,200,1000; default all of them
  --faults N     faults in a million messages, default 200
  --json         the result as one JSON object
  --help         this text`

function main(): number {
  const read = readOptions('oracle', USAGE, {
    options: {
      messages: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      depths: { type: 'string', default: '1,50,200,1000' },
      faults: { type: 'string', default: '200' },
      json: { type: 'boolean', default: false },
    },
  })
  if (!read.ok) return read.exitCode
  const { values } = read.parsed
  const messages = Number(values.messages)
  const seed = Number(values.seed)
  const faults = Number(values.faults)
  const depths = values.depths.split(',').map(Number)
  const isRight =
    Number.isSafeInteger(messages) && messages > 0 && Number.isSafeInteger(seed) && faults >= 0
  if (!isRight || depths.some((depth) => ![1, 50, 200, 1000].includes(depth))) {
    process.stderr.write('oracle: --messages N --seed N --faults N --depths of 1,50,200,1000\n')
    return 2
  }
  const run = new OracleRun({ messages, seed, depths, faults })
  const beganMs = performance.now()
  let shownMs = beganMs
  while (run.result.messages < messages) {
    run.advance(PROGRESS_MESSAGES)
    if (performance.now() - shownMs < PROGRESS_MS) continue
    shownMs = performance.now()
    process.stderr.write(`${line(run, beganMs)}\n`)
  }
  const { faults: byKind, ...result } = run.result
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ seed, depths, ...result, faults: byKind })}\n`)
  } else {
    process.stdout.write(`seed ${seed}, depths ${depths.join(', ')}: ${line(run, beganMs)}\n`)
    process.stdout.write(`faults by kind: ${JSON.stringify(byKind)}\n`)
    for (const example of result.examples) process.stdout.write(`${example}\n`)
  }
  return result.differences === 0 ? 0 : 1
}

function line({ result }: OracleRun, beganMs: number): string {
  const { compared, comparedWhole, differences, messages, notLive, resyncs } = result
  const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0)
  const rate = Math.round((messages * 1000) / (performance.now() - beganMs))
  return (
    `${messages} messages (${rate}/s), ${faults} faults, ${compared} compared by hash, ` +
    `${comparedWhole} of them whole, ${notLive} not LIVE, ${resyncs} resyncs, ` +
    `${differences} differences`
  )
}

process.exitCode = main()
