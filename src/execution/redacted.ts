/** Names of fields that say who somebody is, or let somebody act; their values are never kept. */
const PRIVATE_NAME = /api.?key|secret|token|sign|passw|auth|cookie|uid|user|mail|phone|^ip$/i
const HIDDEN = '[redacted]'
const TEXT_CHARACTERS_MAX = 256
const FIELDS_MAX = 100
const ROWS_MAX = 20
const DEPTH_MAX = 5

/**
 * A copy of what came from outside, to be written down: without private fields and `secrets`, of
 * bounded depth and length, and as JSON of at most about `bytesMax`; what is longer becomes text
 * that is cut.
 */
export function redacted(content: unknown, secrets: readonly string[], bytesMax: number): unknown {
  const copy = copyOf(content, secrets, DEPTH_MAX)
  const text = JSON.stringify(copy) ?? ''
  if (Buffer.byteLength(text) <= bytesMax) return copy
  return { cut: Buffer.from(text).subarray(0, bytesMax).toString('utf8') }
}

function copyOf(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return textOf(value, secrets)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object') return typeof value
  if (depth === 0) return '...'
  if (Array.isArray(value)) {
    const rows = value.slice(0, ROWS_MAX).map((row) => copyOf(row, secrets, depth - 1))
    return value.length > ROWS_MAX ? [...rows, `${value.length - ROWS_MAX} more`] : rows
  }
  const fields = Object.entries(value)
    .slice(0, FIELDS_MAX)
    .map(([name, field]): [string, unknown] => [
      textOf(name, secrets),
      PRIVATE_NAME.test(name) ? HIDDEN : copyOf(field, secrets, depth - 1),
    ])
  return Object.fromEntries(fields)
}

function textOf(text: string, secrets: readonly string[]): string {
  const shown = secrets.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text)
  if (shown.length <= TEXT_CHARACTERS_MAX) return shown
  return `${shown.slice(0, TEXT_CHARACTERS_MAX)}...`
}
