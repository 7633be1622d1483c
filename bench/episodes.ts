import { parseArgs } from 'node:util'
import { standardEpisodes } from '../src/sim/episode-director.ts'
import { judge, type KindVerdict, runEpisodes } from './episode-run.ts'

/**
 * `npm run episodes -- [--hours 1] [--seed 1] [--symbols A,B] [--json]`: hits, misses and false
 * alarms of each kind of alert on planted episodes, and false alarms on the same markets left
 * alone.
 */
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    symbols: { type: 'string', default: 'XRPUSDT,DOGEUSDT,ADAUSDT' },
    json: { type: 'boolean', default: false },
  },
})
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
process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : table(verdicts, calm))

function table(rows: readonly KindVerdict[], quiet: readonly KindVerdict[]): string {
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
  const hours = `${symbolHours} symbol hours with ${plan.length} episodes, and as many alone`
  return `${[head, ...lines].map(aligned).join('\n')}\n${hours}, seed ${seed}\n`
}

function aligned(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart(9))).join('')
}
