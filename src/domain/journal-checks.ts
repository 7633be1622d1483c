/** What a field of a journal record may be; journal-codec.ts puts them together. */
export type Check = (value: unknown) => boolean
export type Shape<T> = Readonly<Record<Exclude<keyof T, 'type'>, Check>>

export const text: Check = (value) => typeof value === 'string'
export const flag: Check = (value) => typeof value === 'boolean'
export const integer: Check = (value) => Number.isSafeInteger(value)
export const count: Check = (value) => Number.isSafeInteger(value) && Number(value) > 0
export const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
/** A field that records of earlier versions lack. */
export const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
export const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value)
export const category = oneOf(['linear', 'spot'])

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function matches(
  value: Record<string, unknown>,
  shape: Readonly<Record<string, Check>>,
): boolean {
  for (const field in shape) if (!shape[field](value[field])) return false
  return true
}
