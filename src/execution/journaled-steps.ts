import type { ExecutionState } from './execution-state.ts'
import type { Steps } from './position.ts'

/**
 * Steps of instruments that the journal knows, configured or not: what of ours is open at the
 * exchange stays ours when its symbol leaves the configuration.
 */
export type JournaledSteps = Readonly<{
  /** By `instrumentKey`; `isOpen`: a position or an unfinished order of ours is in it. */
  of: (key: string) => Readonly<{ steps: Steps; isOpen: boolean }> | undefined
  /** `instrumentKey` of all that are open. */
  openKeys: () => ReadonlySet<string>
}>

export function journaledSteps(state: ExecutionState): JournaledSteps {
  const hasOrder = (key: string) => [...state.unfinished.values()].some((it) => it.key === key)
  return {
    of: (key) => {
      const holding = state.holdings.get(key)
      if (holding === undefined) return undefined
      return { steps: holding.steps, isOpen: holding.position.lots !== 0 || hasOrder(key) }
    },
    openKeys: () => {
      const keys = new Set([...state.unfinished.values()].map(({ key }) => key))
      for (const [key, { position }] of state.holdings) if (position.lots !== 0) keys.add(key)
      return keys
    },
  }
}
