import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import yauzl from 'yauzl'
import { fail, type Result, succeed } from '../core/result.ts'

/**
 * Recorded frames, one a line, plain or packed (.gz, .zst, .zip with one file). A line may be
 *
 *   {"topic":…}                              the exchange's message as it came
 *   {"t":"recv","ts":…,"conn":…,"data":"…"}  an envelope of a recorder; `http` lines carry a `url`
 *   1749833474.93: {"topic":…}               seconds, then the message; `wss://…` lines are the recorder's own
 *   1723161255030314667 {"stream":…}         nanoseconds, then the message (Binance)
 *   [{…},{…}]                                several messages in one array
 *
 * Spaces around it, a byte order mark and the comma behind an element of an array do not matter.
 */
export type CaptureLine = Readonly<{
  kind: 'frame' | 'http'
  text: string
  /** When the recorder got it, in milliseconds; NaN where the line does not say. */
  receiveMs: number
  /** Which connection it came by; empty where the line does not say. */
  connection: string
  url: string
  lineNumber: number
}>

/** `skipped` are the lines that hold no frame, but for blank ones and the recorder's own. */
export type CaptureTotals = Readonly<{ lines: number; frames: number; skipped: number }>

/**
 * Calls `onLine` for every frame of the file, in order; a promise it answers is waited for. A line
 * of no known kind is counted as skipped. Fails with
 * `input_unreadable` when the file is missing, cannot be unpacked or is cut off.
 */
export async function readCapture(
  path: string,
  onLine: (line: CaptureLine) => Promise<void> | undefined,
): Promise<Result<CaptureTotals>> {
  let lineNumber = 0
  let frames = 0
  let skipped = 0
  try {
    const stream = await openStream(path)
    // An error of the stream must reject the loop below, which readline alone does not do.
    const failed = new Promise<never>((_, reject) => stream.once('error', reject))
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
    const all = (async () => {
      for await (const text of lines) {
        lineNumber++
        const found = parseLines(text, lineNumber)
        if (found.length === 0 && !isWithoutFrame(text.trim())) skipped++
        frames += found.length
        for (const line of found) {
          const busy = onLine(line)
          if (busy !== undefined) await busy
        }
      }
    })()
    await Promise.race([Promise.all([all, streamEnd(stream)]), failed])
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const where = lineNumber === 0 ? '' : ` after line ${lineNumber}`
    return fail('input_unreadable', `${path}: cannot be read${where}: ${why}`)
  }
  return succeed({ lines: lineNumber, frames, skipped })
}

function streamEnd(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('end', resolve)
    stream.once('error', reject)
  })
}

async function openStream(path: string): Promise<Readable> {
  if (path.endsWith('.zip')) return await openZip(path)
  const file = createReadStream(path)
  if (path.endsWith('.gz')) return pipeWithErrors(file, createGunzip())
  if (path.endsWith('.zst')) return Readable.from(unpackZstd(file))
  return file
}

function pipeWithErrors<Target extends NodeJS.ReadWriteStream & Readable>(
  source: Readable,
  target: Target,
): Target {
  source.once('error', (error) => target.destroy(error))
  return source.pipe(target)
}

/** Node 20 has no Zstandard of its own. */
async function* unpackZstd(file: Readable): AsyncGenerator<Buffer> {
  let ready: Buffer[] = []
  const unpack = new Decompress((chunk) => ready.push(Buffer.from(chunk)))
  for await (const chunk of file) {
    unpack.push(chunk)
    yield* ready
    ready = []
  }
  unpack.push(new Uint8Array(0), true)
  yield* ready
}

/** The first file of a zip archive, as the exchange publishes its daily books. */
function openZip(path: string): Promise<Readable> {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error)
      zip.once('error', reject)
      zip.once('end', () => reject(new Error('the archive holds no file')))
      zip.on('entry', (entry: yauzl.Entry) => {
        if (entry.fileName.endsWith('/')) return zip.readEntry()
        zip.removeAllListeners('end')
        zip.openReadStream(entry, (openError, stream) => {
          if (openError) reject(openError)
          else resolve(stream)
        })
      })
      zip.readEntry()
    })
  })
}

const SECONDS_THEN_FRAME = /^(\d{9,11}(?:\.\d+)?): (?=[{[])/
const NANOSECONDS_THEN_FRAME = /^(\d{16,20}) (?=[{[])/

/** What a recorder sent, or says of itself. */
const RECORDERS_OWN = /^(wss?:\/\/\S+ <|\{"t":"(?!recv"|http")[a-z]+",.*\}$)/

function isWithoutFrame(text: string): boolean {
  return text === '' || RECORDERS_OWN.test(text)
}

function parseLines(line: string, lineNumber: number): CaptureLine[] {
  const trimmed = line.trim()
  const text = trimmed.endsWith('},') ? trimmed.slice(0, -1) : trimmed
  if (text.startsWith('[')) return parseArray(text, lineNumber)
  const found = parseLine(text, lineNumber)
  return found === undefined ? [] : [found]
}

function parseArray(text: string, lineNumber: number): CaptureLine[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return []
  }
  if (!Array.isArray(value)) return []
  return value.map((message) => frame(JSON.stringify(message), Number.NaN, lineNumber))
}

/** Undefined for a line that carries no frame. */
export function parseLine(text: string, lineNumber: number): CaptureLine | undefined {
  if (text.startsWith('{"t":')) return parseEnvelope(text, lineNumber)
  if (text.startsWith('{')) return frame(text, Number.NaN, lineNumber)
  const seconds = SECONDS_THEN_FRAME.exec(text)
  if (seconds !== null) {
    return frame(text.slice(seconds[0].length), Number(seconds[1]) * 1000, lineNumber)
  }
  const nanoseconds = NANOSECONDS_THEN_FRAME.exec(text)
  if (nanoseconds !== null) {
    return frame(text.slice(nanoseconds[0].length), Number(nanoseconds[1]) / 1e6, lineNumber)
  }
  return undefined
}

function frame(text: string, receiveMs: number, lineNumber: number): CaptureLine {
  return { kind: 'frame', text, receiveMs, connection: '', url: '', lineNumber }
}

function parseEnvelope(text: string, lineNumber: number): CaptureLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (!('t' in value) || !('data' in value) || typeof value.data !== 'string') return undefined
  if (value.t !== 'recv' && value.t !== 'http') return undefined
  const seconds = 'ts' in value && typeof value.ts === 'number' ? value.ts : Number.NaN
  return {
    kind: value.t === 'recv' ? 'frame' : 'http',
    text: value.data,
    receiveMs: seconds * 1000,
    connection: 'conn' in value && typeof value.conn === 'string' ? value.conn : '',
    url: 'url' in value && typeof value.url === 'string' ? value.url : '',
    lineNumber,
  }
}
