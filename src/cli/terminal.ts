import type { Command } from 'commander'
import { type Clock, systemClock } from '../core/clock.ts'

/** What every command says to a person: results to stdout, progress and errors to stderr. */
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

/** One clear line and an exit code; the caller returns. */
export function failCommand(message: string, exitCode = EXIT_FAILED): void {
  process.stderr.write(`bookflow: ${message}\n`)
  process.exitCode = exitCode
}

export function writeOut(text: string): void {
  process.stdout.write(text)
}

const LOOK_FRAMES = 256
const DRAW_PERIOD_US = 200_000

/** A line that overwrites itself, on a terminal only: how far, how fast, how long it will take. */
export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #clock: Clock
  readonly #isShown: boolean
  readonly #startedUs: number
  #drawnUs: number

  constructor(
    label: string,
    total: number,
    clock: Clock = systemClock,
    isShown: boolean = process.stderr.isTTY === true,
  ) {
    this.#label = label
    this.#total = total
    this.#clock = clock
    this.#isShown = isShown
    this.#startedUs = clock.nowUs()
    this.#drawnUs = this.#startedUs
  }

  /** `done` of the total; `rows` made so far, where there are rows. */
  at(done: number, rows?: number): undefined {
    if (!this.#isShown || done % LOOK_FRAMES !== 0) return
    const nowUs = this.#clock.nowUs()
    if (nowUs - this.#drawnUs < DRAW_PERIOD_US) return
    this.#drawnUs = nowUs
    const seconds = (nowUs - this.#startedUs) / 1e6
    const share = Math.min(1, done / Math.max(1, this.#total))
    const bar = '#'.repeat(Math.floor(share * 25)).padEnd(25, '.')
    const pace =
      rows === undefined
        ? `${shownNumber(done / seconds)} frames/s`
        : `${shownNumber(rows / seconds)} rows/s`
    const left = `${shownDuration((seconds * (1 - share)) / Math.max(share, 1e-9))} left`
    const percent = `${Math.floor(100 * share)}%`
    process.stderr.write(`\r${this.#label} [${bar}] ${percent}  ${pace}  ${left}\u001b[K`)
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K')
  }
}

function shownNumber(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function shownDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** A parser for commander: a whole number in a range, or a usage error that names the option. */
export function wholeNumber(command: Command, flag: string, min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    return command.error(
      `error: option ${flag}: ${text} is not a whole number from ${min} to ${max}`,
      { exitCode: EXIT_USAGE },
    )
  }
}

/** A parser for commander: a number in a range, or a usage error that names the option. */
export function numberFrom(command: Command, flag: string, min: number, max: number) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= min && value <= max) return value
    return command.error(`error: option ${flag}: ${text} is not a number from ${min} to ${max}`, {
      exitCode: EXIT_USAGE,
    })
  }
}
