import { standardEpisodes } from '../src/sim/episode-director.ts'
import {
  alertsOfCapture,
  type CaptureAlerts,
  figuresOf,
  type KindFigures,
  recordingsIn,
} from './capture-alerts.ts'
import { readOptions } from './command-options.ts'
import { judge, type KindVerdict, runEpisodes } from './episode-run.ts'

const USAGE = `
Usage: npm run episodes [-- OPTIONS]

Hits, misses and false alarms of each kind of alert on episodes planted in the mock's markets, and
false alarms on the same markets left alone.

  --hours N         of market (1)
  --seed N          (1)
  --symbols A,B     (XRPUSDT,DOGEUSDT,ADAUSDT)
  --captures PATH   instead: alerts of each kind an hour on recordings of real markets, with the
                    medians of what they rest on; a file or a folder, may be repeated
  --json            as one JSON object
  --help            this text`

const read = readOptions('episodes', USAGE, {
  options: {
    hours: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    symbols: { type: 'string', default: 'XRPUSDT,DOGEUSDT,ADAUSDT' },
    captures: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
})
if (!read.ok) process.exitCode = read.exitCode
else if (read.parsed.values.captures.length > 0) {
  await showCaptures(read.parsed.values.captures, read.parsed.values.json)
} else showPlanted(read.parsed.values)

type Values = Readonly<{ hours: string; seed: string; symbols: string; json: boolean }>

function showPlanted(values: Values): void {
  const symbols = values.symbols.split(',')
  const seconds = Math.round(Number(values.hours) * 3600)
  const seed = Number(values.seed)
  const symbolHours = (seconds / 3600) * symbols.length
  const startedCpu = process.cpuUsage()
  const plan = standardEpisodes(symbols, seconds)
  const planted = runEpisodes({ symbols, seconds, seed, plan })
  const alone = runEpisodes({ symbols, seconds, seed: seed + 1, plan: [] })
  const verdicts = judge(planted, symbolHours)
  const calm = judge(alone, symbolHours)
  const used = process.cpuUsage(startedCpu)
  const summary = {
    hours: seconds / 3600,
    symbols,
    seed,
    episodes: plan.length,
    rows: planted.rows + alone.rows,
    cpu_s: (used.user + used.system) / 1e6,
    planted: verdicts,
    calm_false_alarms_per_hour: Object.fromEntries(
      calm.map(({ false_alarms_per_hour: perHour, kind }) => [kind, perHour]),
    ),
  }
  if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
  else {
    const hours = `${symbolHours} symbol hours with ${plan.length} episodes, and as many alone`
    process.stdout.write(`${verdictTable(verdicts, calm)}\n${hours}, seed ${seed}\n`)
  }
}

function verdictTable(rows: readonly KindVerdict[], quiet: readonly KindVerdict[]): string {
  const head = ['kind', 'planted', 'hits', 'misses', 'beside', 'false/h', 'calm/h', 'delay ms']
  const lines = rows.map((row, at) => [
    row.kind,
    `${row.planted}`,
    `${row.hits}`,
    `${row.misses}`,
    `${row.beside}`,
    row.false_alarms_per_hour.toFixed(1),
    quiet[at].false_alarms_per_hour.toFixed(1),
    row.delay_ms_median === null ? '' : `${Math.round(row.delay_ms_median)}`,
  ])
  return [head, ...lines].map(aligned).join('\n')
}

async function showCaptures(paths: readonly string[], isJson: boolean): Promise<void> {
  const runs: CaptureAlerts[] = []
  for (const recording of paths.flatMap(recordingsIn)) {
    const run = await alertsOfCapture(recording)
    if (run.ok) runs.push(run.value)
    else process.stderr.write(`episodes: left out: ${run.message}\n`)
  }
  if (runs.length === 0) {
    process.exitCode = 1
    return
  }
  const kinds = figuresOf(runs)
  if (isJson) {
    const recordings = runs.map(({ raised, ...run }) => ({ ...run, alerts: raised.length }))
    process.stdout.write(`${JSON.stringify({ recordings, kinds })}\n`)
    return
  }
  const lines = runs.map(
    ({ hours, raised, recording, rows, symbols }) =>
      `${recording}: ${symbols.join(', ')}, ${rows} rows in ${(60 * hours).toFixed(1)} min, ` +
      `${raised.length} alerts`,
  )
  process.stdout.write(`${lines.join('\n')}\n\n${figureTable(kinds)}\n`)
}

function figureTable(kinds: readonly KindFigures[]): string {
  const head = ['kind', 'alerts', 'an hour', 'value', 'from', '']
  const lines = kinds.map(({ count, evidence, kind, per_hour, threshold, value }) => {
    if (count === 0) return aligned([kind, '0', '0'])
    const numbers = Object.entries(evidence).map(([name, median]) => `${name} ${short(median)}`)
    const cells = [kind, `${count}`, per_hour.toFixed(1), short(value), short(threshold)]
    return `${aligned(cells)}  ${numbers.join(', ')}`
  })
  return [aligned(head), ...lines].join('\n')
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '-'
}

function aligned(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart(9))).join('')
}
