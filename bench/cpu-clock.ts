import { readFileSync } from 'node:fs'

/**
 * Time that this thread spent on a processor, in nanoseconds: other users of the machine do not
 * count, nor do V8's own threads (collector, compiler), which flatters whoever makes garbage. Where
 * the kernel does not tell (not Linux), the wall clock.
 */
export function threadNs(): number {
  return threadCpuNs() ?? performance.now() * 1e6
}

export function hasCpuClock(): boolean {
  return threadCpuNs() !== undefined
}

function threadCpuNs(): number | undefined {
  try {
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10)
  } catch {
    return undefined
  }
}
