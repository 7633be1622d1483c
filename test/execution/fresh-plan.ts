import type { ExitPlan } from '../../src/execution/holding.ts'
import { START_US } from './rig.ts'

/** Of a position of ten lots without levels. */
export const FRESH_PLAN: ExitPlan = {
  targetTicks: Number.NaN,
  stopTicks: Number.NaN,
  holdUntilUs: Number.POSITIVE_INFINITY,
  openedUs: START_US,
  entryLots: 10,
  trailTicks: Number.NaN,
  trailReason: 'trailing_stop',
  isTrailing: true,
  isTakenOver: false,
  setUs: Number.NaN,
}
