import { fail, type Result, succeed } from '../core/result.ts'
import type { Manifest } from './manifest-schema.ts'
import type { ModelSession } from './onnx-session.ts'

/**
 * Scores the known inputs of the manifest and compares with the known outputs, in batches of the
 * session's size. It finds a runtime that computes something else than the one that made the model.
 * Refusal: model_invalid.
 */
export async function testModel(
  place: string,
  session: ModelSession,
  manifest: Manifest,
  rowsMax: number,
): Promise<Result<true, 'model_invalid'>> {
  const { inputs, outputs, tolerance } = manifest.self_test
  for (let from = 0; from < inputs.length; from += rowsMax) {
    const rows = Math.min(rowsMax, inputs.length - from)
    fillInputs(session.input, inputs.slice(from, from + rows))
    if (!(await session.run(rows))) {
      return fail('model_invalid', `${place}: self test failed to run: ${session.failure}`)
    }
    for (let row = 0; row < rows; row++) {
      const at = row * manifest.output.columns
      const wanted = outputs[from + row]
      const column = wanted.findIndex(
        (value, i) => !(Math.abs(session.output[at + i] - value) <= tolerance),
      )
      if (column === -1) continue
      return fail(
        'model_invalid',
        `${place}: self test row ${from + row}, output column ${column} gave ` +
          `${session.output[at + column]}, the manifest says ${wanted[column]} within ` +
          `${tolerance}; ` +
          'the model and the manifest do not belong together, or the runtime computes differently',
      )
    }
  }
  return succeed(true)
}

function fillInputs(input: Float32Array, rows: readonly (readonly (number | null)[])[]): void {
  let at = 0
  for (const row of rows) for (const value of row) input[at++] = value ?? Number.NaN
}
