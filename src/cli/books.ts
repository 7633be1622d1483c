import { Command } from 'commander'
import { DEPTH_MAX } from '../constants.ts'
import { formatSteps } from '../core/decimal.ts'
import { createBookCopy, readBook } from '../memory/book-view.ts'
import { type CaptureRun, type CaptureTopic, runCaptures } from '../threads/capture-run.ts'
import { surveyCaptures } from '../threads/capture-survey.ts'
import {
  noBookText,
  skippedSymbols,
  skippedText,
  surveyedInstruments,
} from './capture-instruments.ts'
import { failCommand, Progress, wholeNumber, writeOut } from './terminal.ts'
import { unreadNote } from './unread-note.ts'

const BINANCE_DEPTH = 200

type BooksOptions = Readonly<{ depth?: number; json?: boolean; instruments?: string }>

export function booksCommand(): Command {
  const command = new Command('books')
  return command
    .description('Print the final book of every topic of recorded messages.')
    .argument('<file...>', 'recordings: raw messages or envelopes, plain, .gz, .zst or .zip')
    .option(
      '--depth <levels>',
      'print at most this many levels a side',
      wholeNumber(command, '--depth', 1, DEPTH_MAX),
    )
    .option('--instruments <file>', 'tick and lot sizes, instead of those the numbers show')
    .option('--json', 'one JSON array instead of a table')
    .addHelpText('after', '\nExample:\n  bookflow books capture.jsonl.gz --depth 5')
    .action(run)
}

async function run(files: string[], options: BooksOptions): Promise<void> {
  const survey = await surveyCaptures(files, BINANCE_DEPTH)
  if (!survey.ok) return failCommand(survey.message)
  const books = survey.value.topics.filter((topic) => topic.startsWith('orderbook.'))
  if (books.length === 0) {
    return failCommand(`${files.join(', ')}: ${noBookText(survey.value)}`)
  }
  const instruments = await surveyedInstruments(survey.value, options.instruments)
  if (!instruments.ok) return failCommand(instruments.message)
  const skipped = skippedSymbols(survey.value, instruments.value)
  const note = skippedText(skipped, options.instruments)
  if (books.every((topic) => skipped.includes(topic.slice(topic.lastIndexOf('.') + 1)))) {
    return failCommand(`${files.join(', ')}: ${note}`)
  }
  const progress = new Progress('books', survey.value.frames)
  const ran = await runCaptures({
    paths: files,
    topics: books,
    instruments: instruments.value.instruments,
    params: {},
    withFeatures: false,
    binanceDepth: BINANCE_DEPTH,
    onRow: () => {},
    onLine: (frames) => progress.at(frames),
  })
  progress.end()
  if (!ran.ok) return failCommand(ran.message)
  const final = ran.value.topics.map((topic) => finalBook(topic, ran.value, options.depth))
  writeOut(options.json ? `${JSON.stringify(final)}\n` : final.map(table).join('\n'))
  for (const text of [unreadNote(ran.value), note]) {
    if (text !== '') process.stderr.write(`${text}\n`)
  }
}

type FinalBook = Readonly<{
  topic: string
  symbol: string
  state: string
  reason: string
  u: number
  seq: number | null
  bids: [string, string][]
  asks: [string, string][]
  stats: { messages: number; gaps: number; resyncs: number; bad_data: number }
}>

/** Levels are given only for a book that is LIVE; a book with a hole in it is not a book. */
function finalBook(topic: CaptureTopic, run: CaptureRun, depthMax: number | undefined): FinalBook {
  const { instrument, depth, name, index } = topic.topic
  const copy = createBookCopy(Math.min(depth, depthMax ?? depth))
  if (topic.view !== undefined) readBook(topic.view, copy)
  // So the exchange says that the instrument is gone.
  const isDelisted = copy.state === 'LIVE' && copy.u === 1 && copy.bidCount + copy.askCount === 0
  const levels = (ticks: Float64Array, lots: Float64Array, count: number) =>
    Array.from({ length: count }, (_, i): [string, string] => [
      formatSteps(ticks[i], instrument.tick),
      formatSteps(lots[i], instrument.lot),
    ])
  return {
    topic: name,
    symbol: instrument.symbol,
    state: isDelisted ? 'NO_BOOK' : copy.state,
    reason: isDelisted ? 'delisted' : copy.reason,
    u: copy.u,
    seq: Number.isNaN(copy.seq) ? null : copy.seq,
    bids: levels(copy.bidTicks, copy.bidLots, copy.bidCount),
    asks: levels(copy.askTicks, copy.askLots, copy.askCount),
    stats: {
      messages: copy.messages,
      gaps: copy.gaps,
      resyncs: copy.resyncs,
      bad_data: run.badDataByTopic[index],
    },
  }
}

const TABLE_LEVELS = 10

function table(book: FinalBook): string {
  const { messages, gaps, resyncs } = book.stats
  const head =
    `${book.topic}  ${book.state} (${book.reason})  u ${book.u}  ` +
    `messages ${messages}  gaps ${gaps}  resyncs ${resyncs}`
  const rows = Math.min(TABLE_LEVELS, Math.max(book.bids.length, book.asks.length))
  const lines = Array.from({ length: rows }, (_, i) => {
    const [bid, bidSize] = book.bids[i] ?? ['', '']
    const [ask, askSize] = book.asks[i] ?? ['', '']
    return `${bidSize.padStart(16)} ${bid.padStart(14)} | ${ask.padEnd(14)} ${askSize}`
  })
  return `${[head, ...lines].join('\n')}\n`
}
