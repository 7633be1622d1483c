import { decode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME_VARIANTS, FrameBody } from '../../src/stream/frame-body.ts'

const fields = fc.dictionary(
  fc
    .string({ minLength: 1, maxLength: 8 })
    .filter((key) => !['seq', 'missed', 'snapshot', '__proto__'].includes(key)),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer())),
  { minKeys: 1, maxKeys: 12, noNullPrototype: true },
)
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER))

test('a frame decodes to the shared fields and those of its client, for one client after another', () => {
  const body = new FrameBody() // one for all runs: its buffer is reused and must not leak from frame to frame
  const clients = fc.array(fc.tuple(count, count, fc.boolean()), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fields, clients, fc.constantFrom(...FRAME_VARIANTS), (shared, each, variant) => {
      body.set(shared, variant)
      for (const [seq, missed, isSnapshot] of each) {
        const bytes = body.frame(seq, missed, isSnapshot)
        const frame: unknown =
          variant === 'json' ? JSON.parse(Buffer.from(bytes).toString()) : decode(bytes)
        const mark = isSnapshot ? { snapshot: true } : {}
        expect(frame).toEqual({ ...shared, seq, missed, ...mark })
      }
    }),
    { numRuns: 300 },
  )
})
