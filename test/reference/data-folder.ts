import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of the real captures; undefined where it is absent. */
export function dataFolder(): string | undefined {
  const folder = process.env.BOOKFLOW_DATA ?? `${CHECKOUT}../shared/data`
  return existsSync(folder) ? folder : undefined
}

/**
 * Folder of the golden example of the catalogue, beside the folder of captures; undefined where it
 * is absent.
 */
export function goldenFolder(): string | undefined {
  const data = dataFolder()
  const folder = `${data}/../features-golden`
  return data !== undefined && existsSync(folder) ? folder : undefined
}
