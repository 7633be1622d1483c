/** JSON of the exchange, read field by field: nothing of it is believed before it was looked at. */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Undefined when the text is no JSON object. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A field as text; empty when it is absent or neither text nor a number. */
export function textIn(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

/** A field as a number, also when it came as text; NaN when it is none. */
export function numberIn(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value === 'number') return value
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

/** Undefined when the field is no list of objects: an answer without it is no empty answer. */
export function listIn(fields: Fields, name: string): readonly Fields[] | undefined {
  const value = fields[name]
  if (!Array.isArray(value)) return undefined
  const rows = value.filter(isFields)
  return rows.length === value.length ? rows : undefined
}

export function fieldsIn(fields: Fields, name: string): Fields {
  const value = fields[name]
  return isFields(value) ? value : {}
}
