import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { IDEMPOTENCY_KEY_CHARACTERS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import { fail, succeed } from '../core/result.ts'
import type { Command } from '../memory/command-record.ts'
import { refuse } from './answers.ts'
import { isBearer } from './bearer.ts'
import {
  AmendOrderBody,
  CancelOrderBody,
  type CommandAnswer,
  CommandAnswerSchema,
  CommandBody,
  LevelsBody,
  StrategyBody,
} from './command-schema.ts'
import { hashOf, type IdempotencyKeys } from './idempotency.ts'
import type { ControlPorts, LevelsWanted, OrderWanted } from './ports.ts'
import { ErrorSchema } from './schemas.ts'

/** The commands of the API, by the last part of their path. */
const COMMAND_ROUTES: readonly CommandRoute[] = [
  {
    name: 'halt',
    command: 'halt',
    summary: 'Cancel all orders, open nothing; closing goes on',
    named: 'never',
  },
  {
    name: 'reduce',
    command: 'reduce_only',
    summary: 'Only orders that make a position smaller',
    named: 'never',
  },
  { name: 'resume', command: 'resume', summary: 'Trade again', named: 'always' },
  {
    name: 'cancel-all',
    command: 'cancel_all',
    summary: 'Cancel open orders',
    takesSymbol: true,
    named: 'never',
  },
  {
    name: 'flatten',
    command: 'flatten',
    summary: 'Cancel and close positions',
    takesSymbol: true,
    named: 'never',
  },
  {
    name: 'kill',
    command: 'kill',
    summary: 'Cancel and close everything, then stay halted',
    named: 'never',
  },
  {
    name: 'release',
    command: 'release',
    summary: 'End a kill that is flat; trading stays halted until it is resumed',
    named: 'always',
  },
  {
    name: 'risk-off',
    command: 'risk_off',
    summary: 'Open nothing until risk-on, over restarts too; closing goes on',
    named: 'never',
  },
  {
    name: 'risk-on',
    command: 'risk_on',
    summary: 'The market may be entered again',
    named: 'always',
  },
  {
    name: 'reconcile',
    command: 'reconcile',
    summary: 'Compare the account with the exchange now',
    named: 'live',
  },
  {
    name: 'levels',
    command: 'levels',
    summary: 'Move stop, target and trailing of an open position',
    takesSymbol: true,
    named: 'always',
    body: LevelsBody,
  },
  {
    name: 'stop-strategy',
    command: 'stop_strategy',
    summary: 'One strategy opens nothing until it is started, over restarts too; closing goes on',
    named: 'never',
    body: StrategyBody,
  },
  {
    name: 'start-strategy',
    command: 'start_strategy',
    summary: 'A strategy that was stopped may open again',
    named: 'always',
    body: StrategyBody,
  },
  {
    name: 'amend-order',
    command: 'amend_order',
    summary: 'Change price or size of an order that rests, through the risk gate',
    named: 'live',
    body: AmendOrderBody,
  },
  {
    name: 'cancel-order',
    command: 'cancel_order',
    summary: 'Cancel one order',
    named: 'live',
    body: CancelOrderBody,
  },
]

type Body = Static<typeof CommandBody> &
  Partial<LevelsWanted> &
  Partial<Static<typeof AmendOrderBody>> &
  Partial<Static<typeof StrategyBody>>

/**
 * When a command is refused without a name and a reason. What stops or closes in an emergency never
 * is; what opens trading again, or reaches into a position, always is.
 */
type Naming = 'always' | 'live' | 'never'

type CommandRoute = Readonly<{
  name: string
  command: Command
  summary: string
  /** It may be meant for one symbol; the others are for all of them. */
  takesSymbol?: boolean
  named: Naming
  body?: typeof LevelsBody | typeof AmendOrderBody | typeof CancelOrderBody | typeof StrategyBody
}>

export type CommandRouteOptions = Readonly<{
  ports: ControlPorts
  clock: Clock
  keys: IdempotencyKeys<CommandAnswer>
  /** Without one every write is refused. */
  token: string | undefined
  /** Money is at stake. */
  isLive: boolean
}>

/** Writes: a bearer token first, before the body is even read, then an idempotency key. */
export function addCommandRoutes(app: FastifyInstance, options: CommandRouteOptions): void {
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) =>
    authorize(request, reply, options.token)
  for (const route of COMMAND_ROUTES) {
    const { name } = route
    const schema = {
      tags: ['control'],
      summary: `${route.summary}${NAMING_TEXT[route.named]}`,
      security: [{ bearer: [] }],
      headers: HEADERS,
      body: route.body ?? CommandBody,
      response: {
        200: CommandAnswerSchema,
        ...Object.fromEntries(
          [400, 401, 403, 404, 409, 422, 503].map((each) => [each, ErrorSchema]),
        ),
      },
    }
    app.post<{ Body: Body }>(`/api/v1/control/${name}`, { schema, onRequest }, (request, reply) =>
      answerCommand(route, request, reply, options),
    )
  }
}

const NAMING_TEXT: Readonly<Record<Naming, string>> = {
  always: '; needs who and reason',
  live: '; needs who and reason in live mode',
  never: '',
}

/** Described here, checked by `answerCommand`, so that a missing key has its own code. */
const HEADERS = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'required; the same key with the same body is done once in 24 hours, over a restart too',
    }),
  ),
})

async function authorize(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string | undefined,
): Promise<FastifyReply | undefined> {
  if (token === undefined) {
    const message = 'writes are off: set control.token (BOOKFLOW_CONTROL_TOKEN) and restart'
    return reply.code(403).send({ code: 'unauthorized', message })
  }
  if (isBearer(request.headers.authorization, token)) return undefined
  reply.header('www-authenticate', 'Bearer')
  return refuse(reply, fail('unauthorized', 'send Authorization: Bearer <control.token>'))
}

async function answerCommand(
  { command, named, takesSymbol = false }: CommandRoute,
  request: FastifyRequest<{ Body: Body }>,
  reply: FastifyReply,
  { ports, clock, isLive, keys }: CommandRouteOptions,
): Promise<FastifyReply> {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || key === '' || key.length > IDEMPOTENCY_KEY_CHARACTERS_MAX) {
    const length = `1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} characters`
    const message = `send an Idempotency-Key header of ${length}`
    return refuse(reply, fail('idempotency_key_missing', message))
  }
  const symbol = request.body?.symbol
  if (symbol !== undefined && !takesSymbol) {
    return refuse(
      reply,
      fail('bad_request', 'symbol: this command is for all symbols, leave it out'),
    )
  }
  const who = request.body?.who ?? ''
  const reason = request.body?.reason ?? ''
  const isNamed = named === 'always' || (named === 'live' && isLive)
  const missing = isNamed ? missingNames(who, reason) : ''
  if (missing !== '') return refuse(reply, fail('bad_request', missing))
  const levels = command === 'levels' ? levelsIn(request.body) : undefined
  const order = orderIn(request.body)
  const strategy = request.body?.strategy
  const ask = {
    ...{ who, reason },
    ...(levels === undefined ? {} : { levels }),
    ...(order === undefined ? {} : { order }),
    ...(strategy === undefined ? {} : { strategy }),
  }
  const what = [command, symbol ?? null, who, reason, levels ?? null]
  const about = order ?? strategy
  const asked = JSON.stringify(about === undefined ? what : [...what, about])
  const answer = await keys.once(key, asked, clock.nowUs(), async () => {
    const hashes = { keyHash: hashOf(key), requestHash: hashOf(asked) }
    const outcome = await ports.command(command, symbol, { ...ask, key: hashes })
    if (!outcome.ok) return outcome
    const { number, tradingState } = outcome.value
    const done = {
      ...{ number, command, symbol: symbol ?? null },
      ...(order === undefined ? {} : { order_link_id: order.orderLinkId }),
      ...(strategy === undefined ? {} : { strategy }),
    }
    return succeed({ ...done, trading_state: tradingState })
  })
  const outcome = answer.ok ? { number: answer.value.value.number } : { code: answer.code }
  request.log.info({ command, symbol, ...ask, ...outcome, key }, 'command')
  if (!answer.ok) return refuse(reply, answer)
  if (answer.value.isRepeated) reply.header('idempotent-replayed', 'true')
  return reply.send(answer.value.value)
}

/** Empty: nothing is missing. */
function missingNames(who: string, reason: string): string {
  const fields = [
    ...(who.trim() === '' ? ['who'] : []),
    ...(reason.trim() === '' ? ['reason'] : []),
  ]
  if (fields.length === 0) return ''
  const fix = 'send {"who": "your name", "reason": "why"}, as this command is put on record'
  return `${fields.join(', ')}: missing or empty: ${fix}`
}

/** Undefined for a command that is about no order. */
function orderIn(body: Body): OrderWanted | undefined {
  if (body?.order_link_id === undefined) return undefined
  const { order_link_id: orderLinkId, price, size } = body
  return {
    orderLinkId,
    ...(price === undefined ? {} : { price }),
    ...(size === undefined ? {} : { size }),
  }
}

/** In one order, so that the same wish is the same text. */
function levelsIn(body: Body): LevelsWanted {
  if (body === null) return {}
  const { stop, target, trailing } = body
  return {
    ...(stop === undefined ? {} : { stop }),
    ...(target === undefined ? {} : { target }),
    ...(trailing === undefined ? {} : { trailing }),
  }
}
