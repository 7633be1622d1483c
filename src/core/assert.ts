/**
 * Assertions stay on in production. An assertion states a belief of the program about itself; when
 * it is broken the state can no longer be trusted, so the thread dies and its supervisor decides.
 * Bad input is never an assertion.
 *
 * Use fixed text: a template string is built on every call, even when all is well.
 */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionFailure(text)
}

/** For the `default` of a switch over a closed union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable value: ${String(value)}`)
}
