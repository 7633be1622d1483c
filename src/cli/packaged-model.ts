import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/schema.ts'

/** The folder that comes with the program, wherever it is run. */
export const PACKAGED_MODEL = fileURLToPath(new URL('../../models/scalper-v1', import.meta.url))

/** The default of `model.folder`, which names that folder as a clone of the program has it. */
const IN_A_CLONE = 'models/scalper-v1'

/** Outside a clone the default means the model of the program; a folder of one's own stays. */
export function withPackagedModel(config: Config): Config {
  const { model } = config
  if (!model.enabled || model.folder !== IN_A_CLONE || existsSync(model.folder)) return config
  return { ...config, model: { ...model, folder: PACKAGED_MODEL } }
}
