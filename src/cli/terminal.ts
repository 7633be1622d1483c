import type { Command } from 'commander'

/** What every command says to a person: results to stdout, progress and errors to stderr. */
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

/** One clear line and exit code 1; the caller returns. */
export function failCommand(message: string): void {
  process.stderr.write(`bookflow: ${message}\n`)
  process.exitCode = EXIT_FAILED
}

export function writeOut(text: string): void {
  process.stdout.write(text)
}

const PERIOD_FRAMES = 2000

/** A line that overwrites itself, on a terminal only. */
export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #isShown = process.stderr.isTTY === true

  constructor(label: string, total: number) {
    this.#label = label
    this.#total = total
  }

  at(done: number): undefined {
    if (!this.#isShown || done % PERIOD_FRAMES !== 0) return
    const percent = Math.floor((100 * done) / Math.max(1, this.#total))
    const filled = Math.floor(percent / 4)
    const bar = '#'.repeat(filled).padEnd(25, '.')
    process.stderr.write(`\r${this.#label} [${bar}] ${percent}% ${done}/${this.#total}`)
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K')
  }
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
