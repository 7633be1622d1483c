import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readText, textBytesMax, writeText } from '../../src/memory/text-slots.ts'

it('text that fits comes back as it was, and touches its own slots only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
      fc.pre(!text.includes('\0') && new TextEncoder().encode(text).length <= textBytesMax(8))
      const fields = new Float64Array(12).fill(Number.NaN)
      writeText(fields, 2, 8, text)
      expect(readText(fields, 2, 8)).toBe(text)
      expect([...fields.subarray(0, 2), ...fields.subarray(10)]).toEqual(Array(4).fill(Number.NaN))
    }),
  )
})

it('longer text is cut at the end of a character', () => {
  const fields = new Float64Array(2)
  writeText(fields, 0, 2, 'aaaaaaaaaa€€')
  expect(readText(fields, 0, 2)).toBe('aaaaaaaaaa')
  writeText(fields, 0, 2, 'b')
  expect(readText(fields, 0, 2)).toBe('b')
})

it('slots that nobody wrote hold no text', () => {
  expect(readText(new Float64Array(4).fill(Number.NaN), 0, 4)).toBe('')
})
