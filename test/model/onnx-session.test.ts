import { describe, expect, test } from 'vitest'
import { loadModelFolder } from '../../src/model/manifest.ts'
import { type NativeGuard, openOnnxSession } from '../../src/model/onnx-session.ts'
import { TINY_REGISTRY, tinyProbabilities, writeTinyModel } from './tiny-model.ts'

function tinyModel() {
  const model = loadModelFolder(writeTinyModel(), TINY_REGISTRY)
  if (!model.ok) expect.unreachable(model.message)
  return model.value
}

const GUARD: NativeGuard = { enter: () => true, leave: () => {} }

describe('the session', () => {
  test('writes into the same output array at every batch size', async () => {
    const model = tinyModel()
    const opened = await openOnnxSession({ ...model, place: 'tiny', rowsMax: 16, guard: GUARD })
    if (!opened.ok) expect.unreachable(opened.message)
    const session = opened.value
    for (const rows of [3, 16, 1, 3, 7]) {
      session.output.fill(-1)
      for (let i = 0; i < rows * 2; i++) session.input[i] = Math.sin(rows + i)
      expect(await session.run(rows)).toBe(true)
      for (let row = 0; row < rows; row++) {
        const [down, up] = tinyProbabilities(Math.sin(rows + 2 * row), Math.sin(rows + 2 * row + 1))
        expect(session.output[2 * row]).toBeCloseTo(down, 5)
        expect(session.output[2 * row + 1]).toBeCloseTo(up, 5)
      }
      for (const rest of session.output.subarray(2 * rows)) expect(rest).toBe(-1)
    }
    await session.release()
  })

  test('answers false with one line of reason when the runtime throws', async () => {
    const model = tinyModel()
    const opened = await openOnnxSession({ ...model, place: 'tiny', rowsMax: 4, guard: GUARD })
    if (!opened.ok) expect.unreachable(opened.message)
    expect(await opened.value.run(2)).toBe(true)
    await opened.value.release()
    expect(await opened.value.run(2)).toBe(false)
    expect(opened.value.failure).toMatch(/^\S.*$/)
  })

  test('asks its guard before each call of the runtime, and calls nothing when barred', async () => {
    const model = tinyModel()
    const calls: string[] = []
    let isBarred = false
    const guard: NativeGuard = {
      enter: () => {
        calls.push('enter')
        return !isBarred
      },
      leave: () => void calls.push('leave'),
    }
    const options = { ...model, place: 'tiny', rowsMax: 4, guard }
    const opened = await openOnnxSession(options)
    if (!opened.ok) expect.unreachable(opened.message)
    expect(await opened.value.run(2)).toBe(true)
    expect(calls).toEqual(['enter', 'leave', 'enter', 'leave'])
    isBarred = true
    expect(await opened.value.run(2)).toBe(false)
    expect(opened.value.failure).toBe('this thread is about to be ended')
    expect(await openOnnxSession(options)).toMatchObject({ ok: false, code: 'model_invalid' })
    expect(calls).toEqual(['enter', 'leave', 'enter', 'leave', 'enter', 'enter'])
    isBarred = false
    await opened.value.release()
  })

  test('refuses bytes that are no model', async () => {
    const model = tinyModel()
    const opened = await openOnnxSession({
      place: 'm.onnx',
      onnx: new Uint8Array(64).fill(7),
      manifest: model.manifest,
      rowsMax: 4,
      guard: GUARD,
    })
    expect(opened).toMatchObject({ ok: false, code: 'model_invalid' })
    if (!opened.ok) expect(opened.message).toMatch(/^m\.onnx: onnxruntime cannot load the model: /)
  })

  test.each([
    ['input', { input: { name: 'x', columns: 2 } }, 'input.name is x'],
    ['input', { input: { name: 'features', columns: 3 } }, 'input.columns is 3'],
    ['output', { output: { name: 'y', columns: 2, up: 1, down: 0 } }, 'output.name is y'],
    [
      'output',
      { output: { name: 'probabilities', columns: 3, up: 1, down: 0 } },
      'output.columns is 3',
    ],
  ])('refuses a manifest whose %s is not the model’s: %o', async (_side, change, text) => {
    const model = tinyModel()
    const manifest = { ...model.manifest, ...change }
    const opened = await openOnnxSession({
      place: 'm.onnx',
      onnx: model.onnx,
      manifest,
      rowsMax: 4,
      guard: GUARD,
    })
    expect(opened).toMatchObject({ ok: false, code: 'model_invalid' })
    if (!opened.ok) expect(opened.message).toContain(text)
  })
})
