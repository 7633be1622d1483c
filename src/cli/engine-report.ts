import { totalUnrealized } from '../threads/control-ports.ts'
import type { Engine } from '../threads/engine.ts'

/** What a person watches while the engine runs. */
export type EngineReport = Readonly<{
  seconds: number
  live: number
  symbols: number
  messagesPerSecond: number
  rowsPerSecond: number
  scoresPerSecond: number
  socketToFeatureP50Us: number
  socketToFeatureP99Us: number
  signals: number
  orders: number
  fills: number
  positions: number
  pnlQuote: number
  tradingState: string
  gaps: number
  clients: number
}>

export function engineReport(engine: Engine, seconds: number): EngineReport {
  const { rates, trading, watch } = engine
  const perSecond = rates.perSecond()
  const latency = watch.latency('socket_to_feature')
  const unrealized = totalUnrealized(engine)
  let positions = 0
  for (const position of trading.positions.values()) if (position.lots !== 0) positions++
  return {
    seconds,
    live: watch.states().LIVE,
    symbols: engine.instruments.length,
    messagesPerSecond: perSecond.messages,
    rowsPerSecond: perSecond.rows,
    scoresPerSecond: perSecond.scores,
    socketToFeatureP50Us: latency.quantile(0.5),
    socketToFeatureP99Us: latency.quantile(0.99),
    signals: watch.count('signals'),
    orders: watch.count('orders_submitted'),
    fills: watch.count('fills'),
    positions,
    pnlQuote: trading.realizedPnlQuote() + (Number.isNaN(unrealized) ? 0 : unrealized),
    tradingState: tradingText(engine),
    gaps: watch.count('gaps'),
    clients: watch.count('clients_connected') - watch.count('clients_disconnected'),
  }
}

/** A regime that forbids to enter is said beside the trading state. */
function tradingText({ control }: Engine): string {
  const regime = control.regime()
  return regime === 'risk_on' ? control.tradingState() : `${control.tradingState()}, ${regime}`
}

/** One plain line, for an output that is no terminal. */
export function reportLine(report: EngineReport): string {
  return [
    `${report.seconds.toFixed(0).padStart(4)} s`,
    `live ${report.live}/${report.symbols}`,
    `messages/s ${whole(report.messagesPerSecond)}`,
    `rows/s ${whole(report.rowsPerSecond)}`,
    `scores/s ${whole(report.scoresPerSecond)}`,
    `socket to feature p50 ${micros(report.socketToFeatureP50Us)} p99 ${micros(report.socketToFeatureP99Us)}`,
    `signals ${report.signals}`,
    `orders ${report.orders}`,
    `pnl ${report.pnlQuote.toFixed(2)}`,
    report.tradingState,
  ].join('  ')
}

/** A small table, drawn again over itself. */
export function reportTable(report: EngineReport, addresses: readonly string[]): string {
  const rows: [string, string][] = [
    ['symbols LIVE', `${report.live} of ${report.symbols}`],
    ['messages/s', whole(report.messagesPerSecond)],
    ['feature rows/s', whole(report.rowsPerSecond)],
    ['scores/s', whole(report.scoresPerSecond)],
    [
      'socket to feature',
      `p50 ${micros(report.socketToFeatureP50Us)}   p99 ${micros(report.socketToFeatureP99Us)}`,
    ],
    ['gaps', `${report.gaps}`],
    ['signals', `${report.signals}`],
    ['orders, fills', `${report.orders}, ${report.fills}`],
    ['open positions', `${report.positions}`],
    ['PnL (paper)', `${report.pnlQuote.toFixed(2)} USDT`],
    ['trading', report.tradingState],
    ['desk clients', `${report.clients}`],
    ['running', `${report.seconds.toFixed(0)} s`],
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(20)}${value}`)
  return [...addresses, '', ...lines, '', 'Ctrl-C ends it.'].join('\n')
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function micros(value: number): string {
  if (Number.isNaN(value)) return '-'
  return value < 10_000 ? `${value} us` : `${(value / 1000).toFixed(1)} ms`
}
