import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Wire } from './raw-client.ts'

const text = readFileSync(new URL('../../schemas/desk-stream.json', import.meta.url), 'utf8')
const schema: object = JSON.parse(text)
const validate = new Ajv2020({ strictTypes: false }).compile(schema)

/** What is wrong with a message by schemas/desk-stream.json; empty when nothing is. */
export function schemaErrors(message: Wire): string {
  if (validate(textual(message))) return ''
  return `${JSON.stringify(message).slice(0, 300)}: ${JSON.stringify(validate.errors?.slice(0, 5))}`
}

/** The same frame as JSON would have it: binary fields become lists. */
function textual(message: Wire): Wire {
  const copy = { ...message }
  if (copy.values instanceof Uint8Array) copy.values = [...doubles(copy.values)].map(orNull)
  if (copy.bids !== null) copy.bids = levels(copy.bids)
  if (copy.asks !== null) copy.asks = levels(copy.asks)
  return Object.fromEntries(Object.entries(copy).filter(([, value]) => value !== undefined))
}

function levels(side: unknown): unknown {
  if (typeof side !== 'object' || side === null) return side
  if (!('prices' in side) || !('sizes' in side)) return side
  const { prices, sizes } = side
  if (!(prices instanceof Uint8Array) || !(sizes instanceof Uint8Array)) return side
  const sizeList = doubles(sizes)
  return [...doubles(prices)].map((price, at) => [String(price), String(sizeList[at])])
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

export function doubles(bytes: unknown): Float64Array {
  if (!(bytes instanceof Uint8Array)) throw new Error('expected a binary field')
  return new Float64Array(new Uint8Array(bytes).buffer)
}
