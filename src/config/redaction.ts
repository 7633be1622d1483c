import type { Config } from './schema.ts'
import { SETTINGS } from './validation.ts'
import { isRecord } from './yaml-source.ts'

export const REDACTED = '[redacted]'

/** A copy for printing: secrets that are set read `[redacted]`, those that are not stay absent. */
export function redactedConfig(config: Config): Record<string, unknown> {
  const copy: Record<string, unknown> = structuredClone(config)
  for (const { path, isSecret } of SETTINGS) {
    if (!isSecret) continue
    let section: unknown = copy
    for (const key of path.slice(0, -1)) section = isRecord(section) ? section[key] : undefined
    const name = path[path.length - 1]
    if (isRecord(section) && section[name] !== undefined) section[name] = REDACTED
  }
  return copy
}
