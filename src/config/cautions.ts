import type { KeyPath } from './problem.ts'
import { PRESET_LIMITS } from './risk-limits.ts'
import type { ConfigDraft } from './schema.ts'

/**
 * What is allowed and takes protection away. It is said at every start and by `check-config`, so
 * that nobody finds out by a loss what a configuration does not hold back.
 */
export type Caution = Readonly<{ path: KeyPath; message: string }>

export function cautions(config: ConfigDraft): Caution[] {
  const isLive = config.mode === 'live'
  return [
    ...startCautions(config),
    ...offCautions(config, isLive),
    ...groupCautions(config),
    ...(isLive ? liveCautions(config) : []),
  ]
}

/** Strategies wait for a person, and there is no way for one to come. */
function startCautions({ control, execution }: ConfigDraft): Caution[] {
  const { start } = execution
  if (start === 'active' || control.token !== undefined) return []
  const fix = 'set BOOKFLOW_CONTROL_TOKEN for POST /api/v1/control/resume, or active on paper'
  const message = `${start}: nothing is opened until a person resumes, which nobody can: ${fix}`
  return [{ path: ['execution', 'start'], message }]
}

/** On paper only what the preset would hold back; with money everything that is off. */
function offCautions({ execution }: ConfigDraft, isLive: boolean): Caution[] {
  const limits = new Map(Object.entries(execution.limits))
  const off = Object.entries(PRESET_LIMITS[execution.preset])
    .filter(([name, preset]) => limits.get(name) === 'off' && (isLive || preset !== 'off'))
    .map(([name]) => name)
  if (off.length === 0) return []
  const message = `off, so that nothing is held back by: ${off.join(', ')}`
  return [{ path: ['execution', 'limits'], message }]
}

/** Groups are written by hand: without any, the limit that counts in them counts nothing. */
function groupCautions({ execution }: ConfigDraft): Caution[] {
  const { correlation_groups, limits } = execution
  if (limits.correlated_positions_max === 'off') return []
  if (Object.keys(correlation_groups).length > 0) return []
  const message = 'no group is named: correlated_positions_max holds nothing back'
  return [{ path: ['execution', 'correlation_groups'], message }]
}

function liveCautions({ execution }: ConfigDraft): Caution[] {
  const { exits } = execution
  const found: Caution[] = []
  const say = (path: KeyPath, message: string) =>
    found.push({ path: ['execution', ...path], message })
  if (exits.stop_loss_percent === 'off') {
    const message = 'off: a position that is taken over has no stop but one that somebody gave it'
    say(['exits', 'stop_loss_percent'], message)
  }
  if (exits.at_exchange.on_unguarded === 'alert') {
    const message = 'alert: a position whose stop the exchange does not keep stays open'
    say(['exits', 'at_exchange', 'on_unguarded'], message)
  }
  return found
}
