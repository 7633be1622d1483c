import { redactedConfig } from '../config/redaction.ts'
import type { Config } from '../config/schema.ts'
import { VERSION } from '../constants.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { CALL_LIMITS_DEFAULT } from '../execution/gateway/bybit/call-pace.ts'
import {
  DEFAULT_EXECUTION_OPTIONS,
  type ExecutionOptions,
  type RiskLimits,
} from '../execution/options.ts'
import type { EngineMemory } from './engine-memory.ts'
import type { ExecutionWorkerData } from './execution-worker-data.ts'
import { breakerOptions, exitOptions, followUpOptions, paperOptions } from './exit-plan.ts'
import type { BybitSettings } from './gateway-choice.ts'

/** The configuration in the units of execution. */
export function executionOptions(config: Config): ExecutionOptions {
  const { equity_quote: equityQuote, ...execution } = config.execution
  const { breakers, entry, exits, paper, portfolio, sizing, start } = execution
  const isLive = config.mode === 'live'
  return {
    ...DEFAULT_EXECUTION_OPTIONS,
    // Live opens nothing before a person has said so, every time.
    start: isLive && start === 'active' ? 'reduce_only' : start,
    requiresStop: isLive,
    equityQuote,
    pnlMethod: portfolio.pnl_method,
    margin: {
      leverage: portfolio.leverage,
      maintenanceFraction: portfolio.maintenance_fraction,
    },
    limits: riskLimits(config.execution.limits),
    sizing: {
      mode: sizing.mode,
      equityFraction: sizing.equity_fraction,
      fixedQuote: sizing.fixed_notional,
    },
    correlationGroups: config.execution.correlation_groups,
    regime: config.execution.regime,
    atStop: config.execution.at_stop,
    breakers: breakerOptions(breakers),
    followUp: followUpOptions(execution.follow_up),
    entryOrderType: entry.order_type,
    entryTimeInForce: entry.time_in_force,
    restMsMax: entry.rest_ms_max,
    requote: {
      awayTicks: most(entry.requote.away_ticks),
      amendsMax: entry.requote.amends_max,
    },
    exits: exitOptions(exits),
    paper: paperOptions(paper),
  }
}

/** `off` is Infinity for what may not be passed, and 0 for what must be reached. */
function riskLimits(limits: Config['execution']['limits']): RiskLimits {
  return {
    positionNotionalQuoteMax: limits.position_notional_max,
    openSymbolsMax: limits.open_symbols_max,
    orderNotionalQuoteMax: limits.order_notional_max,
    orderNotionalQuoteMin: least(limits.order_notional_min),
    totalNotionalQuoteMax: limits.total_notional_max,
    leverageMax: most(limits.leverage_max),
    entriesPerPositionMax: most(limits.entries_per_position_max),
    correlatedPositionsMax: most(limits.correlated_positions_max),
    riskPerTradeFractionMax: most(limits.risk_per_trade_fraction),
    riskTotalFractionMax: most(limits.risk_total_fraction),
    dailyLossFractionMax: most(limits.daily_loss_fraction),
    drawdownFractionMax: most(limits.drawdown_fraction),
    lossStreakMax: most(limits.loss_streak_max),
    lossStreakLookbackMs: limits.loss_streak_lookback_ms,
    cooldownMs: least(limits.cooldown_ms),
    doubleSendMs: least(limits.double_send_ms),
    orders5mMax: most(limits.orders_5m_max),
    turnover5mQuoteMax: most(limits.turnover_5m_max),
    spreadBpsMax: most(limits.spread_bps_max),
    slippageBpsMax: most(limits.slippage_bps_max),
    bookShareMax: most(limits.book_share_max),
    rewardRiskMin: least(limits.reward_risk_min),
    bookAgeMsMax: limits.book_age_ms_max,
    scoreAgeMsMax: most(limits.score_age_ms_max),
    intentAgeMsMax: limits.intent_age_ms_max,
    clockDriftMsMax: most(limits.clock_drift_ms_max),
    priceBandBps: limits.price_band_bps,
    ordersOpenMax: limits.open_orders_max,
  }
}

function most(limit: number | 'off'): number {
  return limit === 'off' ? Number.POSITIVE_INFINITY : limit
}

function least(limit: number | 'off'): number {
  return limit === 'off' ? 0 : limit
}

/** Undefined for the paper gateway. The check of the configuration knows that the files are named. */
function bybitSettings({ exchange, execution }: Config): BybitSettings | undefined {
  const { bybit, gateway } = execution
  if (gateway !== 'bybit') return undefined
  const perSecond = bybit.orders_per_second
  const limits = { create: perSecond, amend: perSecond, cancel: perSecond, cancel_all: perSecond }
  return {
    restUrl: exchange.rest_url,
    wsUrl: exchange.ws_url,
    usesTradeSocket: bybit.order_entry === 'websocket',
    lockOutMs: bybit.lock_out_ms,
    answerMsMax: bybit.answer_ms_max,
    limits: { ...CALL_LIMITS_DEFAULT, ...limits },
    disconnectCancelS: bybit.disconnect_cancel_s,
    keyFile: bybit.api_key_file ?? '',
    secretFile: bybit.api_secret_file ?? '',
  }
}

export function executionWorkerData(
  config: Config,
  instruments: InstrumentTable,
  memory: EngineMemory,
): ExecutionWorkerData {
  return {
    books: memory.books,
    depth: memory.depth,
    intents: memory.shards.map((shard) => shard.intents),
    trades: memory.shards.map((shard) => shard.trades),
    tickers: memory.tickers,
    commands: memory.commands,
    audit: memory.audit,
    counters: memory.executionCounters,
    histograms: memory.executionHistograms,
    control: memory.control,
    instruments,
    options: executionOptions(config),
    mode: config.mode,
    bybit: bybitSettings(config),
    dataFolder: config.data_folder,
    config: redactedConfig(config),
    version: VERSION,
    logLevel: config.log_level,
  }
}
