import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { nameHint } from '../core/nearest.ts'
import { fail, type Result } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { AlertSchema, AlertsQuery } from './alert-schema.ts'
import { refuse } from './answers.ts'
import { CandleSchema, CandlesQuery } from './candle-schema.ts'
import { FeatureColumnsSchema } from './feature-columns-schema.ts'
import type { ServerMetrics } from './metrics.ts'
import { PnlSchema } from './pnl-schema.ts'
import type { ControlPorts } from './ports.ts'
import {
  BookQuery,
  BookSchema,
  ErrorSchema,
  FeaturesSchema,
  GapSchema,
  GapsQuery,
  HealthSchema,
  LinksSchema,
  OrderSchema,
  PositionSchema,
  ReadySchema,
  SignalSchema,
  SignalsQuery,
  StatusSchema,
  SymbolParams,
  SymbolSchema,
} from './schemas.ts'
import { StrategySchema } from './strategy-schema.ts'

/** Everything that only looks. */
export function addReadRoutes(
  app: FastifyInstance,
  ports: ControlPorts,
  metrics: ServerMetrics,
): void {
  addProbes(app, ports, metrics)
  addEngineRoutes(app, ports)
  addColumnsRoute(app, ports)
  addGapRoute(app, ports)
  addAlertRoute(app, ports)
  addCandleRoute(app, ports)
  addTradingRoutes(app, ports)
}

function schema(
  tag: string,
  summary: string,
  answer: object,
  refusals: readonly number[] = [],
  refusal: object = ErrorSchema,
): FastifySchema {
  const response = Object.fromEntries(refusals.map((status) => [status, refusal]))
  return { tags: [tag], summary, response: { 200: answer, ...response } }
}

function addProbes(app: FastifyInstance, ports: ControlPorts, metrics: ServerMetrics): void {
  const links = {
    health: '/health',
    ready: '/ready',
    metrics: '/metrics',
    status: '/api/v1/status',
    documentation: '/api/docs',
    openapi: '/api/docs/json',
  }
  app.get('/', { schema: schema('probes', 'Where to look', LinksSchema) }, () => links)

  const healthText = 'Matrix of the components; 503 when unhealthy'
  const health = schema('probes', healthText, HealthSchema, [503], HealthSchema)
  app.get('/health', { schema: health }, (_request, reply) => {
    const matrix = ports.health()
    return reply.code(matrix.state === 'unhealthy' ? 503 : 200).send(matrix)
  })

  const readyText = 'Whether the engine does its work; 503 while not'
  const ready = schema('probes', readyText, ReadySchema, [503], ReadySchema)
  app.get('/ready', { schema: ready }, (_request, reply) => {
    const readiness = ports.ready()
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })

  const exposition = Type.String({ description: 'Prometheus text format' })
  const scrape = schema('probes', 'Metrics for Prometheus', exposition)
  app.get('/metrics', { schema: scrape }, async (_request, reply) => {
    reply.type(metrics.contentType)
    return metrics.text(ports.metrics)
  })
}

function addColumnsRoute(app: FastifyInstance, ports: ControlPorts): void {
  const columns = schema('engine', 'What the features are, and which are on', FeatureColumnsSchema)
  app.get('/api/v1/features', { schema: columns }, () => ports.featureColumns())
}

function addEngineRoutes(app: FastifyInstance, ports: ControlPorts): void {
  const status = schema('engine', 'What the engine is doing', StatusSchema)
  app.get('/api/v1/status', { schema: status }, () => ports.status())

  const symbols = schema(
    'engine',
    'Instruments and the states of their books',
    Type.Array(SymbolSchema),
  )
  app.get('/api/v1/symbols', { schema: symbols }, () => ports.symbols())

  const book = schema(
    'engine',
    'The book of a symbol, shown only while LIVE',
    BookSchema,
    [400, 404],
  )
  app.get<{ Params: Static<typeof SymbolParams>; Querystring: Static<typeof BookQuery> }>(
    '/api/v1/books/:symbol',
    { schema: { ...book, params: SymbolParams, querystring: BookQuery } },
    (request, reply) => {
      const { symbol } = request.params
      const answer = withHint(ports, symbol, ports.book(symbol, request.query.depth))
      return answer.ok ? reply.send(answer.value) : refuse(reply, answer)
    },
  )

  const features = schema(
    'engine',
    'The latest feature row of a symbol',
    FeaturesSchema,
    [400, 404],
  )
  app.get<{ Params: Static<typeof SymbolParams> }>(
    '/api/v1/features/:symbol',
    { schema: { ...features, params: SymbolParams } },
    (request, reply) => {
      const { symbol } = request.params
      const answer = withHint(ports, symbol, ports.features(symbol))
      return answer.ok ? reply.send(answer.value) : refuse(reply, answer)
    },
  )
}

function addGapRoute(app: FastifyInstance, ports: ControlPorts): void {
  const text = 'Intervals in which a topic was not seen, newest first'
  const gaps = schema('engine', text, Type.Array(GapSchema), [400])
  app.get<{ Querystring: Static<typeof GapsQuery> }>(
    '/api/v1/gaps',
    { schema: { ...gaps, querystring: GapsQuery } },
    (request) => ports.gaps(request.query.limit),
  )
}

function addAlertRoute(app: FastifyInstance, ports: ControlPorts): void {
  const text = 'What happened in the markets, newest first'
  const alerts = schema('engine', text, Type.Array(AlertSchema), [400])
  app.get<{ Querystring: Static<typeof AlertsQuery> }>(
    '/api/v1/alerts',
    { schema: { ...alerts, querystring: AlertsQuery } },
    (request) => ports.alerts(request.query.limit, request.query.kind, request.query.symbol),
  )
}

function addCandleRoute(app: FastifyInstance, ports: ControlPorts): void {
  const text = 'The latest closed candles of a symbol, newest first'
  const candles = schema('engine', text, Type.Array(CandleSchema), [400, 404])
  type Query = { Params: Static<typeof SymbolParams>; Querystring: Static<typeof CandlesQuery> }
  app.get<Query>(
    '/api/v1/candles/:symbol',
    { schema: { ...candles, params: SymbolParams, querystring: CandlesQuery } },
    (request, reply) => {
      const { interval = '1m', limit } = request.query
      const { symbol } = request.params
      const answer = withHint(ports, symbol, ports.candles(symbol, interval, limit))
      return answer.ok ? reply.send(answer.value) : refuse(reply, answer)
    },
  )
}

/** An unknown symbol is mostly a misspelt one. */
function withHint<Value>(
  ports: ControlPorts,
  symbol: string,
  answer: Result<Value, ResultCode>,
): Result<Value, ResultCode> {
  if (answer.ok || (answer.code !== 'instrument_unknown' && answer.code !== 'not_found'))
    return answer
  const known = ports.symbols().map((each) => each.symbol)
  return fail('instrument_unknown', `no instrument ${symbol} in this run${nameHint(symbol, known)}`)
}

function addTradingRoutes(app: FastifyInstance, ports: ControlPorts): void {
  const signals = schema(
    'trading',
    'The newest signals, newest first',
    Type.Array(SignalSchema),
    [400],
  )
  app.get<{ Querystring: Static<typeof SignalsQuery> }>(
    '/api/v1/signals',
    { schema: { ...signals, querystring: SignalsQuery } },
    (request) => ports.signals(request.query.limit),
  )
  const orders = schema('trading', 'Open orders and the latest done ones', Type.Array(OrderSchema))
  app.get('/api/v1/orders', { schema: orders }, () => ports.orders())

  const positions = schema('trading', 'Positions, from fills alone', Type.Array(PositionSchema))
  app.get('/api/v1/positions', { schema: positions }, () => ports.positions())

  const strategies = schema(
    'trading',
    'Strategies of the configuration, and which a person stopped',
    Type.Array(StrategySchema),
  )
  app.get('/api/v1/strategies', { schema: strategies }, () => ports.strategies())
  const pnl = schema('trading', 'Profit, equity, drawdown and margin, from fills alone', PnlSchema)
  app.get('/api/v1/pnl', { schema: pnl }, () => ports.pnl())
}
