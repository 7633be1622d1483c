import type { HealthComponent, HealthMatrix, HealthState } from './schemas.ts'

/**
 * From the states of the components to the state of the whole, with the time each state was
 * entered.
 */
const SEVERITY: Readonly<Record<HealthState, number>> = { ok: 0, degraded: 1, unhealthy: 2 }

export type ComponentObservation = Readonly<{ name: string; state: HealthState; reason: string }>

/** The whole is as well as its sickest component; nothing observed is unhealthy, not well. */
export function overallState(states: readonly HealthState[]): HealthState {
  if (states.length === 0) return 'unhealthy'
  return states.reduce((worst, state) => (SEVERITY[state] > SEVERITY[worst] ? state : worst))
}

/** Remembers since when each component is in its state. */
export class HealthBoard {
  #components = new Map<string, HealthComponent>()

  /**
   * Takes the components as they are at `nowUs` and answers the matrix; one that is no longer
   * listed is forgotten.
   */
  observe(observations: readonly ComponentObservation[], nowUs: number): HealthMatrix {
    const components = new Map<string, HealthComponent>()
    for (const { name, state, reason } of observations) {
      const before = this.#components.get(name)
      const isSame = before !== undefined && before.state === state
      const since = isSame ? before.since : new Date(nowUs / 1000).toISOString()
      components.set(name, { name, state, reason, since })
    }
    this.#components = components
    const list = [...components.values()]
    return { state: overallState(list.map((each) => each.state)), components: list }
  }
}
