import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatSteps,
  NOT_A_MULTIPLE,
  NOT_A_NUMBER,
  parseStep,
  parseStepsText,
  type Step,
  TOO_LARGE,
} from '../../src/core/decimal.ts'

function step(text: string): Step {
  const parsed = parseStep(text)
  if (parsed === undefined) throw new Error(`not a step: ${text}`)
  return parsed
}

describe('parseStep', () => {
  it.each(['0', '0.000', '', '-1', '1e3', '.5', '5.', 'abc', '1.2.3', ' 1'])(
    'refuses "%s"',
    (text) => {
      expect(parseStep(text)).toBeUndefined()
    },
  )

  it('keeps the text and drops trailing zeros from the arithmetic', () => {
    expect(step('0.10')).toEqual({ text: '0.10', decimals: 1, unitsPerStep: 1, value: 0.1 })
    expect(step('0.05')).toEqual({ text: '0.05', decimals: 2, unitsPerStep: 5, value: 0.05 })
    expect(step('10')).toEqual({ text: '10', decimals: 0, unitsPerStep: 10, value: 10 })
  })
})

describe('parseSteps', () => {
  it.each([
    ['60000.10', '0.10', 600001],
    ['60000.1', '0.10', 600001],
    ['60000', '0.10', 600000],
    ['0.304', '0.001', 304],
    ['10000000000', '0.1', 100000000000],
    ['0.00000001', '0.00000001', 1],
    ['0', '0.1', 0],
    ['0.000', '0.1', 0],
    ['120', '10', 12],
    ['1.25', '0.05', 25],
    ['007', '1', 7],
  ])('reads %s at step %s as %i', (text, at, count) => {
    expect(parseStepsText(text, step(at))).toBe(count)
  })

  it.each([
    ['', NOT_A_NUMBER],
    ['.', NOT_A_NUMBER],
    ['.5', NOT_A_NUMBER],
    ['5.', NOT_A_NUMBER],
    ['1.2.3', NOT_A_NUMBER],
    ['-1', NOT_A_NUMBER],
    ['+1', NOT_A_NUMBER],
    ['1e5', NOT_A_NUMBER],
    [' 1', NOT_A_NUMBER],
    ['1 ', NOT_A_NUMBER],
    ['NaN', NOT_A_NUMBER],
    ['0.15', NOT_A_MULTIPLE],
    ['0.1000001', NOT_A_MULTIPLE],
    ['99999999999999999999', TOO_LARGE],
    ['900719925474099.2', TOO_LARGE],
  ])('answers a code for "%s" at step 0.1', (text, code) => {
    expect(parseStepsText(text, step('0.1'))).toBe(code)
  })

  it('gives back every count it formats, at every step', () => {
    const steps = ['0.1', '0.10', '0.05', '0.25', '1', '10', '0.00000001', '0.001', '5']
    fc.assert(
      fc.property(fc.constantFrom(...steps), fc.nat({ max: 2 ** 31 }), (text, count) => {
        expect(parseStepsText(formatSteps(count, step(text)), step(text))).toBe(count)
      }),
    )
  })

  it('agrees with exact arithmetic on any decimal text', () => {
    const digits = fc.stringMatching(/^\d{1,9}(\.\d{1,6})?$/)
    fc.assert(
      fc.property(digits, fc.constantFrom('0.1', '0.05', '1', '0.0001', '3'), (text, at) => {
        const scale = 10n ** 9n
        const exact = (value: string): bigint => {
          const [whole, fraction = ''] = value.split('.')
          return BigInt(whole) * scale + BigInt(fraction.padEnd(9, '0'))
        }
        const remainder = exact(text) % exact(at)
        const expected = remainder === 0n ? Number(exact(text) / exact(at)) : NOT_A_MULTIPLE
        expect(parseStepsText(text, step(at))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })
})

describe('formatSteps', () => {
  it.each([
    [600001, '0.10', '60000.10'],
    [1, '0.00000001', '0.00000001'],
    [0, '0.1', '0.0'],
    [12, '10', '120'],
    [-3, '0.5', '-1.5'],
  ])('writes %i steps of %s as %s', (count, at, text) => {
    expect(formatSteps(count, step(at))).toBe(text)
  })
})
