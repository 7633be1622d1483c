import { existsSync } from 'node:fs'

/** Read when no file is named, and only when it is there. */
export const CONFIG_FILE_DEFAULT = 'bookflow.yaml'

/** Undefined: every default stands. */
export function configFile(named: string | undefined): string | undefined {
  return named ?? (existsSync(CONFIG_FILE_DEFAULT) ? CONFIG_FILE_DEFAULT : undefined)
}
