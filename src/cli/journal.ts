import { Command } from 'commander'
import { journalFolder } from '../execution/journal/journal.ts'
import {
  accountLines,
  fillLine,
  orderLine,
  orderValue,
  positionLines,
  recordLine,
} from './journal-lines.ts'
import { type JournalLook, lookAtJournal, type RecordFilter } from './journal-look.ts'
import { EXIT_FAILED, EXIT_USAGE } from './terminal.ts'

type Options = {
  orders?: boolean
  fills?: boolean
  positions?: boolean
  order?: string
  since?: string
  verify?: boolean
  json?: boolean
}

/**
 * `bookflow journal`: what the execution journal of a data folder says. It reads and never writes,
 * so it may run beside an engine, and on a file that a crash has torn.
 */
export function journalCommand(): Command {
  return new Command('journal')
    .description('Show or verify the execution journal of a data folder; nothing is changed.')
    .argument(
      '<data-folder>',
      'the data folder of the engine; the journal lies in its folder journal',
    )
    .option('--orders', 'one line an order')
    .option('--fills', 'one line an execution, those of others included')
    .option('--positions', 'every position with what it won, at average cost and oldest lots first')
    .option('--order <id>', 'all that happened to one order, with times, causes and trace')
    .option('--since <time>', 'only from this time on (ISO 8601, or microseconds)')
    .option('--verify', 'check every checksum, the sequence and the fold of all records')
    .option('--json', 'one JSON object a line; of --verify, one object')
    .addHelpText('after', '\nExit code: 0 done, 1 the journal is damaged or cannot be read.')
    .action((dataFolder: string, options: Options) => {
      const selected = [
        options.orders,
        options.fills,
        options.positions,
        options.order,
        options.verify,
      ]
      if (selected.filter((one) => one !== undefined).length > 1) {
        refuse('choose one of --orders, --fills, --positions, --order, --verify')
        return
      }
      const sinceUs = options.since === undefined ? 0 : timeOf(options.since)
      if (Number.isNaN(sinceUs)) refuse(`--since ${options.since}: use 2026-01-31T12:00:00Z`)
      else show(journalFolder(dataFolder), sinceUs, options)
    })
}

function refuse(message: string): void {
  process.stderr.write(`bookflow journal: ${message}\n`)
  process.exitCode = EXIT_USAGE
}

/** Microseconds; NaN for a text that is no time. */
function timeOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text) * 1000
}

function show(folder: string, sinceUs: number, options: Options): void {
  const print = (line: string, value: unknown) =>
    process.stdout.write(options.json === true ? `${JSON.stringify(value)}\n` : `${line}\n`)
  const isListing = options.orders === undefined && options.positions === undefined
  const filter: RecordFilter = {
    sinceUs,
    orderLinkId: options.order,
    isFillsOnly: options.fills === true,
  }
  const look = lookAtJournal(folder, filter, (sequence, record, steps) => {
    if (!isListing || options.verify === true) return
    const isFill = record.type === 'fill' || record.type === 'external_fill'
    const isFillLine = options.fills === true && isFill
    const line = isFillLine ? fillLine(record, steps) : recordLine(sequence, record)
    print(line, { sequence, ...record })
  })
  if (options.orders === true) {
    for (const order of look.orders.values()) {
      if (order.updated_us >= sinceUs) print(orderLine(order), orderValue(order))
    }
  }
  if (options.positions === true) {
    for (const { line, value } of positionLines(look.state)) print(line, value)
  }
  if (options.verify === true) verify(folder, look, options.json === true)
  else if (options.order !== undefined && look.shown === 0) {
    process.stderr.write(`bookflow journal: no order ${options.order} in ${folder}\n`)
    process.exitCode = EXIT_FAILED
  }
  tellTrouble(look, options)
}

function verify(folder: string, look: JournalLook, isJson: boolean): void {
  const { failure, state, torn } = look
  const verdict = {
    ok: failure === undefined,
    folder,
    records: look.records,
    begins_with_record: look.begins,
    runs: state.run,
    segments: look.segments,
    orders: look.orders.size,
    fills: state.fills,
    orders_unfinished: state.unfinished.size,
    torn_bytes: torn?.bytes ?? 0,
    checkpoints: look.checkpoints,
    failure: failure?.message ?? null,
  }
  if (isJson) process.stdout.write(`${JSON.stringify(verdict)}\n`)
  else for (const line of accountLines(verdict)) process.stdout.write(`${line}\n`)
}

function tellTrouble({ begins, failure, torn }: JournalLook, options: Options): void {
  if (begins > 1 && options.verify !== true) {
    process.stderr.write(
      `bookflow journal: begins with record ${begins}; older ones were deleted (execution.journal)\n`,
    )
  }
  if (failure !== undefined) {
    process.exitCode = EXIT_FAILED
    if (options.verify !== true) process.stderr.write(`bookflow journal: ${failure.message}\n`)
  } else if (torn !== undefined && options.verify !== true) {
    const where = `${torn.file}, offset ${torn.offset}`
    process.stderr.write(
      `bookflow journal: ${torn.bytes} bytes after the last whole record (${where})\n`,
    )
  }
}
