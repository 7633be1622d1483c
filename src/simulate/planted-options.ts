import type { ExecutionOptions, RiskLimits } from '../execution/options.ts'
import type { PlantedBug } from './planted-bugs.ts'

const OFF = Number.POSITIVE_INFINITY

/** Limits that a mistake leaves out of account. */
const IGNORED: Readonly<Partial<Record<PlantedBug, Partial<RiskLimits>>>> = {
  ignore_limits: {
    positionNotionalQuoteMax: OFF,
    orderNotionalQuoteMax: OFF,
    totalNotionalQuoteMax: OFF,
  },
  ignore_totals: {
    totalNotionalQuoteMax: OFF,
    leverageMax: OFF,
    openSymbolsMax: OFF,
    correlatedPositionsMax: OFF,
  },
  ignore_pace: {
    entriesPerPositionMax: OFF,
    lossStreakMax: OFF,
    cooldownMs: 0,
    doubleSendMs: 0,
    orders5mMax: OFF,
    turnover5mQuoteMax: OFF,
  },
  ignore_losses: { dailyLossFractionMax: OFF, drawdownFractionMax: OFF },
}

/** The options as an engine with these mistakes reads them (planted-bugs.ts). */
export function plantedOptions(
  options: ExecutionOptions,
  bugs: ReadonlySet<PlantedBug>,
): ExecutionOptions {
  let { limits, reconcile } = options
  for (const bug of bugs) limits = { ...limits, ...IGNORED[bug] }
  if (bugs.has('ignore_blindness')) reconcile = { ...reconcile, blindMsMax: OFF }
  return { ...options, limits, reconcile }
}
