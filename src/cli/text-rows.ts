import type { RowCopy } from '../memory/row-view.ts'
import { HEAD_COLUMNS, type RowOutput, type RowOutputOptions } from './row-output.ts'

const BUFFER_CHARACTERS = 1 << 20

/**
 * Numbers as JavaScript prints them, which read back exactly. Printing is most of the work of a
 * text format, and most columns did not change since the row before: those keep their text.
 */
class NumberTexts {
  readonly #missing: string
  readonly #values: Float64Array
  readonly #texts: string[]

  constructor(count: number, missing: string) {
    this.#missing = missing
    this.#values = new Float64Array(count).fill(Number.NaN)
    this.#texts = new Array<string>(count).fill(missing)
  }

  text(column: number, value: number): string {
    if (value === this.#values[column]) return this.#texts[column]
    // NaN stands for itself and is not kept: it equals nothing.
    if (Number.isNaN(value)) return this.#missing
    const text = String(value)
    this.#values[column] = value
    this.#texts[column] = text
    return text
  }
}

/** `{"symbol","u","cts","features":{name:value}}`, one object a line; a missing value is null. */
export class JsonRows implements RowOutput {
  readonly #options: RowOutputOptions
  readonly #keys: readonly string[]
  readonly #symbols: readonly string[]
  readonly #texts: readonly NumberTexts[]
  #buffer = ''

  constructor(options: RowOutputOptions) {
    const { indexes, names, symbols } = options
    this.#options = options
    this.#keys = names.map((name, i) => `${i === 0 ? '' : ','}"${name}":`)
    this.#symbols = symbols.map((symbol) => `{"symbol":${JSON.stringify(symbol)},"u":`)
    this.#texts = symbols.map(() => new NumberTexts(indexes.length, 'null'))
  }

  write(symbol: number, { ctsMs, u, values }: RowCopy): void {
    const { indexes } = this.#options
    const keys = this.#keys
    const texts = this.#texts[symbol]
    let line = `${this.#symbols[symbol]}${u},"cts":${ctsMs},"features":{`
    for (let i = 0; i < indexes.length; i++) line += keys[i] + texts.text(i, values[indexes[i]])
    this.#buffer += `${line}}}\n`
    if (this.#buffer.length >= BUFFER_CHARACTERS) this.#flush()
  }

  finish(): void {
    this.#flush()
  }

  #flush(): void {
    this.#options.file.write(this.#buffer)
    this.#buffer = ''
  }
}

/** A header, then one line a row; a missing value is empty. */
export class CsvRows implements RowOutput {
  readonly #options: RowOutputOptions
  readonly #symbols: readonly string[]
  readonly #texts: readonly NumberTexts[]
  #buffer: string

  constructor(options: RowOutputOptions) {
    const { indexes, names, symbols } = options
    this.#options = options
    this.#symbols = symbols.map(csvField)
    this.#texts = symbols.map(() => new NumberTexts(indexes.length, ''))
    this.#buffer = `${['symbol', ...HEAD_COLUMNS, ...names].join(',')}\n`
  }

  write(symbol: number, { ctsMs, seq, tauMs, u, values }: RowCopy): void {
    const { indexes } = this.#options
    const texts = this.#texts[symbol]
    let line = `${this.#symbols[symbol]},${u},${ctsMs},${Number.isNaN(seq) ? '' : seq},${tauMs}`
    for (let i = 0; i < indexes.length; i++) line += `,${texts.text(i, values[indexes[i]])}`
    this.#buffer += `${line}\n`
    if (this.#buffer.length >= BUFFER_CHARACTERS) this.#flush()
  }

  finish(): void {
    this.#flush()
  }

  #flush(): void {
    this.#options.file.write(this.#buffer)
    this.#buffer = ''
  }
}

/** RFC 4180: a field with a comma, a quote or a line break is quoted. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
