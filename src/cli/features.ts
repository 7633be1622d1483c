import { Command } from 'commander'
import { DEPTH_MAX, TAKER_FEES_BPS } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import type { RowCopy } from '../memory/row-view.ts'
import { type CaptureRun, type CaptureTopic, runCaptures } from '../threads/capture-run.ts'
import { skippedText } from './capture-instruments.ts'
import { type FeaturesOptions, type FeaturesPlan, planFeatures } from './features-plan.ts'
import { OutputFile } from './output-file.ts'
import { OUTPUT_FORMATS, openRows } from './output-format.ts'
import { PreviousTick } from './previous-tick.ts'
import type { RowOutput } from './row-output.ts'
import {
  EXIT_FAILED,
  EXIT_USAGE,
  failCommand,
  numberFrom,
  Progress,
  wholeNumber,
} from './terminal.ts'
import { unreadNote } from './unread-note.ts'

const HELP = `
A row is, by --format:
  jsonl    {"symbol","u","cts","features":{name:value}}, missing values null
  csv      symbol,u,cts,seq,tau,names..., missing values empty
  parquet  the same columns, DOUBLE with nulls (row groups of bounded size, Snappy)
  arrow    the same columns, Float64 with nulls (IPC file, also called Feather 2)
Numbers are the same in all of them, to the last bit. cts and tau are milliseconds: the time of the
matching engine, and the effective time of the symbol, which never runs backwards.

--select computes only the groups that it needs. The columns keep the order of docs/features.md.
--every passes the last row of each interval [n*period, (n+1)*period) of the symbol's effective
time, as soon as a later event has closed it; intervals without a row, and the one still open at
the end, have none.
--symbols says whose rows are written; features across symbols still see all of the recording.
--book-depth chooses among several books of a symbol; else the first of the recording is taken.

--out writes to FILE.part and renames it when it is complete.
Lines of --venue-b are merged by their time of receipt, where the recordings have none by that of
sending; at equal times they are first.

Examples:
  bookflow features capture.jsonl.gz --out features.parquet
  bookflow features capture.jsonl.gz --select 'imb_5,D,z_*' --every 1s --out features.arrow
  bookflow features bybit.jsonl.gz --venue-b binance.jsonl.gz`

export function featuresCommand(): Command {
  const command = new Command('features')
  return command
    .description('Compute the features of recorded messages, one row per book event.')
    .argument(
      '<file...>',
      'recordings in order: raw messages or envelopes, plain, .gz, .zst or .zip',
    )
    .option('--out <file>', 'write here instead of to the standard output')
    .option(
      '--format <name>',
      `${OUTPUT_FORMATS.join(', ')}; by default what the ending of --out says, else jsonl`,
    )
    .option('--force', 'replace the file of --out if there is one')
    .option('--select <list>', 'features, letters of groups and patterns, as imb_5,D,z_*')
    .option('--symbols <list>', 'only these symbols, separated by commas')
    .option(
      '--book-depth <levels>',
      'only books of so many levels a side',
      wholeNumber(command, '--book-depth', 1, DEPTH_MAX),
    )
    .option('--every <period>', 'event, or the last row of each interval of 100ms, 1s, 5m', 'event')
    .option('--instruments <file>', 'instruments.json with tick sizes and feature parameters')
    .option(
      '--binance-depth <levels>',
      'window of the book that Binance recordings are cut to',
      wholeNumber(command, '--binance-depth', 1, DEPTH_MAX),
      50,
    )
    .option(
      '--venue-b <file>',
      'recording of a second exchange, for xv_basis_bps and xv_edge_bps; may be repeated',
      (path: string, before: readonly string[]) => [...before, path],
      [],
    )
    .option(
      '--fees-bps <number>',
      'taker fees of both exchanges together',
      numberFrom(command, '--fees-bps', 0, 1000),
      TAKER_FEES_BPS,
    )
    .addHelpText('after', HELP)
    .action(run)
}

async function run(files: string[], options: FeaturesOptions): Promise<void> {
  const plan = await planFeatures(files, options)
  if (!plan.ok) return failCommand(plan.message, exitCodeOf(plan.code))
  const opened = OutputFile.open(options.out, options.force === true)
  if (!opened.ok) return failCommand(opened.message)
  const file = opened.value
  const release = discardOnSignal(file)
  const { indexes, names } = plan.value.selection
  const { format, frames, symbols } = plan.value
  const rows = new RowSink(plan.value, openRows(format, { file, symbols, indexes, names }))
  const progress = new Progress('features', frames)
  const startedUs = systemClock.nowUs()
  const ran = await runCaptures({
    ...plan.value.capture,
    onRow: (topic) => rows.add(topic),
    onLine: (done) => {
      if (file.failure !== undefined) endAbruptly(file, file.failure)
      progress.at(done, rows.count)
      return file.pressure()
    },
  })
  progress.end()
  release()
  if (!ran.ok) {
    file.discard()
    return failCommand(ran.message)
  }
  rows.finish(ran.value.topics)
  const finished = file.finish()
  if (!finished.ok) endAbruptly(file, finished.message)
  process.stderr.write(`${summary(rows.count, ran.value, systemClock.nowUs() - startedUs)}\n`)
  const skipped = skippedText(plan.value.skipped, options.instruments)
  if (skipped !== '') process.stderr.write(`${skipped}\n`)
  process.stderr.write(leftOut(ran.value.topics, symbols))
}

/** An option that no recording could satisfy is wrong usage. */
function exitCodeOf(code: string): number {
  return code === 'bad_request' ? EXIT_USAGE : EXIT_FAILED
}

/** Gives the rows of the chosen symbols to the output, all of them or a sample. */
class RowSink {
  readonly #output: RowOutput
  readonly #sample: PreviousTick | undefined
  readonly #symbolOf: ReadonlyMap<string, number>
  #written = 0

  constructor({ everyMs, symbols }: FeaturesPlan, output: RowOutput) {
    this.#output = output
    this.#symbolOf = new Map(symbols.map((symbol, at) => [symbol, at]))
    if (everyMs > 0) this.#sample = new PreviousTick(symbols.length, everyMs, output)
  }

  get count(): number {
    return this.#sample?.rows ?? this.#written
  }

  add({ features, topic }: CaptureTopic): void {
    if (features === undefined) return
    const symbol = this.#symbolOf.get(topic.instrument.symbol)
    if (symbol !== undefined) this.#take(symbol, features.row)
  }

  finish(topics: readonly CaptureTopic[]): void {
    for (const { features, topic } of topics) {
      const symbol = this.#symbolOf.get(topic.instrument.symbol)
      if (features !== undefined && symbol !== undefined) {
        this.#sample?.finish(symbol, features.tauMs)
      }
    }
    this.#output.finish()
  }

  #take(symbol: number, row: RowCopy): void {
    if (this.#sample !== undefined) return this.#sample.add(symbol, row)
    this.#output.write(symbol, row)
    this.#written++
  }
}

function summary(rows: number, ran: CaptureRun, elapsedUs: number): string {
  const pace = Math.round(rows / Math.max(1e-6, elapsedUs / 1e6)).toLocaleString('en-US')
  const unread = unreadNote(ran)
  const note = unread === '' ? '' : `; ${unread}`
  return `${rows} rows from ${ran.frames} frames, ${pace} rows/s${note}`
}

/** Books beside the one of their symbol that has the features. */
function leftOut(topics: readonly CaptureTopic[], symbols: readonly string[]): string {
  const names = topics
    .filter(({ book, features }) => book !== undefined && features === undefined)
    .filter(({ topic }) => symbols.includes(topic.instrument.symbol))
    .map(({ topic }) => topic.name)
  return names.length === 0 ? '' : `left out, choose with --book-depth: ${names.join(', ')}\n`
}

/** Ctrl-C leaves nothing behind that looks like a result. Returns what takes the care away. */
function discardOnSignal(file: OutputFile): () => void {
  const end = (signal: NodeJS.Signals) => {
    file.discard()
    process.stderr.write('\nbookflow: interrupted, nothing was kept\n')
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  return () => {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
  }
}

/** The output is lost: there is no sense in reading on. No reason: the reader has seen enough. */
function endAbruptly(file: OutputFile, why: string): never {
  file.discard()
  if (why !== '') failCommand(why)
  process.exit(why === '' ? 0 : EXIT_FAILED)
}
