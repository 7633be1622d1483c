import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { Command } from 'commander'
import { DEPTH_MAX, TAKER_FEES_BPS } from '../constants.ts'
import { fail, succeed } from '../core/result.ts'
import { FEATURE_NAMES } from '../features/registry.ts'
import { runCaptures } from '../threads/capture-run.ts'
import { surveyCaptures } from '../threads/capture-survey.ts'
import { noBookText, surveyedInstruments } from './capture-instruments.ts'
import { failCommand, numberFrom, Progress, wholeNumber } from './terminal.ts'

type FeaturesOptions = Readonly<{
  out?: string
  instruments?: string
  symbols?: string
  binanceDepth: number
  venueB: readonly string[]
  feesBps: number
}>

export function featuresCommand(): Command {
  const command = new Command('features')
  return command
    .description('Compute the features of recorded messages, one JSON line per book event.')
    .argument(
      '<file...>',
      'recordings in order: raw messages or envelopes, plain, .gz, .zst or .zip',
    )
    .option('--out <file>', 'write here instead of to the standard output')
    .option('--instruments <file>', 'instruments.json with tick sizes and feature parameters')
    .option('--symbols <list>', 'only these symbols, separated by commas')
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
    .addHelpText(
      'after',
      '\nEach line is {"symbol","u","cts","features":{name:value}}; a feature that is not defined yet,' +
        '\nor not built, is null.' +
        '\n\nLines of --venue-b are merged by their time of receipt, where the recordings have none' +
        '\nby that of sending; at equal times they are first.' +
        '\n\nExample:\n  bookflow features capture.jsonl.gz --out features.jsonl' +
        '\n  bookflow features bybit.jsonl.gz --venue-b binance.jsonl.gz',
    )
    .action(run)
}

async function run(files: string[], options: FeaturesOptions): Promise<void> {
  const survey = await surveyCaptures(files, options.binanceDepth)
  if (!survey.ok) return failCommand(survey.message)
  const instruments = await surveyedInstruments(survey.value, options.instruments)
  if (!instruments.ok) return failCommand(instruments.message)
  const wanted = options.symbols?.split(',')
  const topics = survey.value.topics.filter(
    (topic) => wanted === undefined || wanted.includes(topic.slice(topic.lastIndexOf('.') + 1)),
  )
  if (!topics.some((topic) => topic.startsWith('orderbook.'))) {
    return failCommand(`${files.join(', ')}: ${noBookText(survey.value)}`)
  }
  const venue = await openVenue(options, topics)
  if (!venue.ok) return failCommand(venue.message)
  const out = new LineOutput(options.out)
  const opened = await out.open()
  if (opened !== undefined) return failCommand(`${options.out}: cannot be written: ${opened}`)
  const progress = new Progress('features', survey.value.frames)
  const ran = await runCaptures({
    paths: files,
    topics,
    instruments: instruments.value.instruments,
    params: instruments.value.params,
    leader: instruments.value.leader,
    ...(venue.value !== undefined && { venue: venue.value }),
    withFeatures: true,
    binanceDepth: options.binanceDepth,
    onRow: ({ topic, features }, message) => {
      if (features === undefined) return
      const values = featureObject(features.row.values)
      const { symbol } = topic.instrument
      out.write(
        `{"symbol":"${symbol}","u":${message.u},"cts":${message.ctsMs},"features":${values}}\n`,
      )
    },
    onLine: (frames) => {
      progress.at(frames)
      return out.pressure()
    },
  })
  progress.end()
  await out.close()
  if (!ran.ok) return failCommand(ran.message)
  const gaps = ran.value.counters.get('gaps')
  const bad = ran.value.counters.get('bad_data')
  const note = gaps + bad > 0 ? `; ${gaps} gaps, ${bad} refused messages` : ''
  process.stderr.write(`${out.lines} rows from ${ran.value.frames} frames${note}\n`)
}

/** The second exchange, if any; it must have a book of one of the symbols. */
async function openVenue(options: FeaturesOptions, topics: readonly string[]) {
  const { binanceDepth, feesBps, venueB: paths } = options
  if (paths.length === 0) return succeed(undefined)
  const survey = await surveyCaptures(paths, binanceDepth)
  if (!survey.ok) return survey
  const instruments = await surveyedInstruments(survey.value, undefined)
  if (!instruments.ok) return instruments
  const symbolOf = (topic: string) => topic.slice(topic.lastIndexOf('.') + 1)
  const symbols = new Set(topics.map(symbolOf))
  const books = survey.value.topics.filter((topic) => topic.startsWith('orderbook.'))
  if (!books.some((topic) => symbols.has(symbolOf(topic)))) {
    const names = books.map(symbolOf).join(', ')
    const why = books.length === 0 ? noBookText(survey.value) : `no book of theirs, only ${names}`
    return fail('input_unreadable', `${paths.join(', ')}: ${why}`)
  }
  const of = instruments.value.instruments
  return succeed({ paths, topics: books, instruments: of, binanceDepth, feesBps })
}

const KEYS = FEATURE_NAMES.map((name, i) => `${i === 0 ? '{' : ','}"${name}":`)

/** The doubles as JavaScript prints them, which read back exactly; NaN is null. */
function featureObject(values: Float64Array): string {
  let text = ''
  for (let i = 0; i < KEYS.length; i++) {
    const value = values[i]
    text += KEYS[i] + (Number.isNaN(value) ? 'null' : String(value))
  }
  return `${text}}`
}

const BUFFER_CHARACTERS = 1 << 20

/** Collects lines into large writes and says when the reader must wait for them. */
class LineOutput {
  lines = 0
  readonly #path: string | undefined
  #stream: WriteStream | NodeJS.WriteStream = process.stdout
  #buffer = ''
  #drained: Promise<void> | undefined

  constructor(path: string | undefined) {
    this.#path = path
  }

  /** Why the file cannot be opened, or undefined. */
  async open(): Promise<string | undefined> {
    if (this.#path === undefined) return undefined
    const stream = createWriteStream(this.#path)
    this.#stream = stream
    try {
      await once(stream, 'open')
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  write(line: string): void {
    this.lines++
    this.#buffer += line
    if (this.#buffer.length >= BUFFER_CHARACTERS) this.#flush()
  }

  /** Resolves when the output has taken what was written; undefined when it has. */
  pressure(): Promise<void> | undefined {
    return this.#drained
  }

  async close(): Promise<void> {
    this.#flush()
    if (this.#stream === process.stdout) return
    this.#stream.end()
    await once(this.#stream, 'finish')
  }

  #flush(): void {
    const hasRoom = this.#stream.write(this.#buffer)
    this.#buffer = ''
    if (hasRoom) return
    this.#drained = once(this.#stream, 'drain').then(() => {
      this.#drained = undefined
    })
  }
}
