import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type Failure, fail, type Success, succeed } from '../../core/result.ts'

/**
 * Answers with one of these may be better a moment later (timeout, rate limit, server error,
 * overload).
 */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([10000, 10006, 10016, 10018, 10429])

const Envelope = Type.Object({
  retCode: Type.Integer(),
  retMsg: Type.Optional(Type.String()),
  result: Type.Optional(Type.Unknown()),
})

type Code = 'exchange_unreachable' | 'exchange_answer_invalid'

export type Refusal = Readonly<{ failure: Failure<Code>; isTransient: boolean }>

/** Characters of a body that is not what it should be, shown in the message. */
const EXCERPT_CHARACTERS = 60

/** Business errors come with HTTP 200, so `retCode` decides. */
export function readEnvelope<Shape extends TSchema>(
  path: string,
  text: string,
  schema: Shape,
): Success<Static<Shape>> | Refusal {
  const body = parse(text)
  if (body === undefined) {
    // A page of a proxy or a gateway, as a rule, and gone a moment later.
    const excerpt = JSON.stringify(text.slice(0, EXCERPT_CHARACTERS))
    return refuse(true, `GET ${path}: not JSON but ${excerpt}, check exchange.rest_url`)
  }
  if (!Value.Check(Envelope, body.value)) {
    return refuse(false, `GET ${path}: no retCode in the answer, check exchange.rest_url`)
  }
  const { retCode, retMsg, result } = body.value
  if (retCode !== 0) {
    const isTransient = TRANSIENT_CODES.has(retCode)
    return refuse(isTransient, `GET ${path}: refused with ${retCode} ${retMsg ?? ''}`.trimEnd())
  }
  if (Value.Check(schema, result)) return succeed(result)
  const first = Value.Errors(schema, result).First()
  const where = first === undefined ? '' : ` at result${first.path}: ${first.message}`
  return refuse(false, `GET ${path}: unexpected shape${where}`)
}

function refuse(isTransient: boolean, message: string): Refusal {
  const code = isTransient ? 'exchange_unreachable' : 'exchange_answer_invalid'
  return { isTransient, failure: fail(code, message) }
}

/** Undefined when the text is not JSON; wrapped, because null is. */
function parse(text: string): Readonly<{ value: unknown }> | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
