import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text)
}

/** Paths whose values never reach a log line, wherever a caller puts them. */
const SECRET_PATHS = [
  'apiKey',
  'apiSecret',
  'secret',
  'token',
  'password',
  'authorization',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/**
 * JSON lines, one logger a thread. Each line names its thread; a line about one chain of work
 * carries `trace` (`SYMBOL-u` of the book event it began with), from delta to order.
 */
export function createLogger(
  thread: string,
  level: LogLevel,
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: { thread },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    formatters: { level: (label: string) => ({ level: label }) },
  }
  // Results go to the standard output, and whatever a person pipes it into; the log does not.
  return pino(options, destination ?? errorOutput())
}

/** Lines that wait while the error output cannot be written; more are dropped. */
const WAITING_BYTES_MAX = 1 << 20

/**
 * The error output. A log that cannot be written, as on a full disk, is no reason to stop trading:
 * lines wait, then they are dropped, and the first that can be written again tells how many.
 */
function errorOutput(): DestinationStream {
  const output = pino.destination({ dest: 2, sync: true, maxLength: WAITING_BYTES_MAX })
  let dropped = 0
  output.on('error', () => {}) // of each line that failed; it is tried again with the next one
  output.on('drop', () => dropped++)
  output.on('write', () => {
    if (dropped === 0) return
    const lines = dropped
    dropped = 0
    output.write(
      `${JSON.stringify({ level: 'warn', lines, msg: 'lines of this log were lost' })}\n`,
    )
  })
  return output
}
