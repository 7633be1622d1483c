/**
 * An expected refusal is a value, not an exception. `code` is machine-readable and stable;
 * `message` names the field and the fix for a person.
 */
export type Failure<Code extends string = string> = Readonly<{
  ok: false
  code: Code
  message: string
}>

export type Success<Value> = Readonly<{ ok: true; value: Value }>

export type Result<Value, Code extends string = string> = Success<Value> | Failure<Code>

export function succeed<Value>(value: Value): Success<Value> {
  return { ok: true, value }
}

export function fail<Code extends string>(code: Code, message: string): Failure<Code> {
  return { ok: false, code, message }
}

/** What a library's exception says, at the adapter that caught it. */
export function messageOf(error: unknown): string {
  // Of a host of several addresses: no message, but one error for each of them.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
