import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from 'fastify'
import {
  REQUEST_BODY_BYTES_MAX,
  REQUEST_MS_MAX,
  REQUEST_PARAMETER_CHARACTERS_MAX,
} from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { addCommandRoutes } from './command-routes.ts'
import type { CommandAnswer } from './command-schema.ts'
import { type AnsweredBefore, IdempotencyKeys } from './idempotency.ts'
import { ServerMetrics } from './metrics.ts'
import type { ControlPorts } from './ports.ts'
import { addReadRoutes } from './read-routes.ts'
import { refusalText } from './refusal-text.ts'

/**
 * The control API: it looks at the engine through `ControlPorts` and gives commands to execution.
 * Reads are open to whoever reaches the address; writes take a bearer token and an idempotency key.
 * OpenAPI at /api/docs.
 */
export type ControlOptions = Readonly<{
  host: string
  /** 0: any free port. */
  port: number
  /** Without one every write is refused. */
  token?: string
  /** Money is at stake: what is no emergency needs a name and a reason. */
  isLive: boolean
  version: string
  logger: Logger
  /** Commands of earlier runs whose keys still count. */
  answered?: readonly AnsweredBefore<CommandAnswer>[]
  clock: Clock
}>

export type ControlServer = Readonly<{
  host: string
  port: number
  /** `http://127.0.0.1:8080` */
  address: string
  /** For requests without a socket. */
  app: FastifyInstance
  stop(): Promise<void>
}>

/**
 * Listens before it answers. `port_in_use`, or `config_invalid` for an address that is not ours.
 */
export async function createControlServer(
  ports: ControlPorts,
  options: ControlOptions,
): Promise<Result<ControlServer, ResultCode>> {
  const app = await buildControlApp(ports, options)
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (error) {
    await app.close()
    return listenFailure(error, options)
  }
  const bound = app.server.address()
  const port = bound === null || typeof bound === 'string' ? options.port : bound.port
  const name = options.host.includes(':') ? `[${options.host}]` : options.host
  const address = `http://${name}:${port}`
  return succeed({ host: options.host, port, address, app, stop: () => app.close() })
}

/** The server without its socket. */
export async function buildControlApp(
  ports: ControlPorts,
  options: ControlOptions,
): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = options.logger.child({ component: 'control' })
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id',
    }),
    bodyLimit: REQUEST_BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    // What the router refuses by itself: a part of the path that is too long, or not decodable.
    frameworkErrors: (error, _request, reply) => {
      const body = JSON.stringify({ code: 'bad_request', message: error.message })
      reply.raw.writeHead(error.statusCode ?? 400, { 'content-type': 'application/json' }).end(body)
    },
    routerOptions: { maxParamLength: REQUEST_PARAMETER_CHARACTERS_MAX },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, verbose: true } },
  })
  // Answers are plain data of our own types; JSON.stringify also turns a stray NaN into null
  // instead of an exception.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  const keys = new IdempotencyKeys<CommandAnswer>()
  keys.restore(options.answered ?? [])
  const metrics = new ServerMetrics(() => keys.evicted)
  const { clock, isLive, token } = options
  addObservation(app, metrics, clock)
  addErrorAnswers(app)
  await app.register(swagger, { openapi: openApiHead(options.version) })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true })
  await app.register(async (routes) => {
    addReadRoutes(routes, ports, metrics)
    addCommandRoutes(routes, { ports, clock, keys, token, isLive })
  })
  await app.ready()
  return app
}

function openApiHead(version: string) {
  return {
    openapi: '3.0.3',
    info: {
      title: 'bookflow control API',
      version,
      description: 'State of the engine, and commands to its execution.',
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  } as const
}

/** One line and one count an answer. Paths are logged without their query, and no header is. */
function addObservation(app: FastifyInstance, metrics: ServerMetrics, clock: Clock): void {
  const startedUs = new WeakMap<object, number>()
  app.addHook('onRequest', async (request) => {
    startedUs.set(request, clock.nowUs())
  })
  app.addHook('onResponse', async (request, reply) => {
    const durationUs = clock.nowUs() - (startedUs.get(request) ?? clock.nowUs())
    const route = request.routeOptions.url ?? 'unknown'
    metrics.count(request.method, route, reply.statusCode, durationUs / 1e6)
    const line = {
      method: request.method,
      path: request.url.split('?')[0],
      status: reply.statusCode,
      duration_us: durationUs,
    }
    if (request.method === 'GET' && reply.statusCode < 500) request.log.debug(line, 'request')
    else request.log.info(line, 'request')
  })
}

function addErrorAnswers(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]
    const message = `no ${request.method} ${path}; /api/docs lists what there is`
    return reply.code(404).send({ code: 'not_found', message })
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500)
      return reply.code(status).send({ code: 'bad_request', message: refusalText(error) })
    request.log.error({ err: error }, 'request failed')
    const message = `this request failed; the log has it as request_id ${request.id}`
    return reply.code(500).send({ code: 'internal_error', message })
  })
}

function listenFailure(error: unknown, { host, port }: ControlOptions): Result<never, ResultCode> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const place = `control: port ${port} on ${host}`
  if (code === 'EADDRINUSE') {
    const setting = 'control.port (of demo --control-port)'
    return fail('port_in_use', `${place} is in use: stop the other program, or set ${setting}`)
  }
  if (code === 'EACCES') {
    return fail('config_invalid', `${place} needs more rights: set control.port above 1023`)
  }
  const reason = error instanceof Error ? error.message : String(error)
  return fail('config_invalid', `${place} cannot be listened on (${reason}): set control.host`)
}
