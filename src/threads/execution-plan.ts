import type { Config } from '../config/schema.ts'
import { VERSION } from '../constants.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../execution/options.ts'
import type { EngineMemory } from './engine-memory.ts'
import type { ExecutionWorkerData } from './execution-worker-data.ts'

/** The configuration in the units of execution. */
export function executionOptions(config: Config): ExecutionOptions {
  const { equity_quote: equityQuote, limits, paper, start } = config.execution
  return {
    ...DEFAULT_EXECUTION_OPTIONS,
    start,
    equityQuote,
    limits: {
      ...DEFAULT_EXECUTION_OPTIONS.limits,
      positionNotionalQuoteMax: limits.position_notional_max,
      openSymbolsMax: limits.open_symbols_max,
      orderNotionalQuoteMax: limits.order_notional_max,
      totalNotionalQuoteMax: limits.total_notional_max,
      dailyLossFractionMax: limits.daily_loss_fraction,
      bookAgeMsMax: limits.book_age_ms_max,
      intentAgeMsMax: limits.intent_age_ms_max,
      ordersOpenMax: limits.open_orders_max,
    },
    paper: {
      latencyUs: paper.latency_ms * 1000,
      takerFeeBps: paper.taker_fee_bps,
      makerFeeBps: paper.maker_fee_bps,
    },
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
    commands: memory.commands,
    audit: memory.audit,
    counters: memory.executionCounters,
    histograms: memory.executionHistograms,
    control: memory.control,
    instruments,
    options: executionOptions(config),
    dataFolder: config.data_folder,
    version: VERSION,
    logLevel: config.log_level,
  }
}
