import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of the golden example of the catalogue, beside the folder of captures; undefined where it is absent. */
export function goldenFolder(): string | undefined {
  const data = process.env.BOOKFLOW_DATA ?? `${CHECKOUT}../shared/data`
  const folder = `${data}/../features-golden`
  return existsSync(folder) ? folder : undefined
}
