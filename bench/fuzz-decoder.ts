import { Random } from '../src/core/random.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { FRAME_BAD } from '../src/feed/bybit/frame-kind.ts'
import { Counters } from '../src/memory/counters.ts'
import { Damage } from './fuzz-damage.ts'
import { type FuzzCorpus, pickFrame } from './fuzz-frames.ts'
import { FuzzReference } from './fuzz-reference.ts'

/**
 * Damaged frames through the decoder and through `JSON.parse`: the same message, number by number, or
 * refused by both and counted.
 *
 *   corpus -> damage -> input -> decoder ----\
 *                          \---> reference ---> difference, or none
 */
export type FuzzOptions = Readonly<{
  seed: number
  inputsMax: number
  /** Asked after each base frame, with the inputs and differences so far. */
  isOver: (inputs: number, differences: number) => boolean
}>

export type FuzzReport = {
  inputs: number
  accepted: number
  rejected: number
  /** Accepted by `JSON.parse` only: what the scanners leave to it. */
  fallbacks: number
  /** Inputs whose reads were counted, and the most reads for one byte. */
  watched: number
  readsPerByteMax: number
  differences: number
  /** Of the first difference: what it is, and the input in base64. */
  firstDifference: string
  firstInput: string
}

const INJURIES_PER_FRAME = 24
/** One frame in so many is cut at every byte instead. */
const CUT_EVERY = 64
/**
 * One input in so many is read through a proxy that counts. A scanner that goes over its bytes
 * again and again would hang on a larger frame; 64 reads a byte are far more than it needs.
 */
const WATCH_EVERY = 4096
const READS_PER_BYTE_MAX = 64
/** After so many there is nothing more to learn. */
const DIFFERENCES_MAX = 100

export class DecoderFuzz {
  readonly report: FuzzReport = {
    inputs: 0,
    accepted: 0,
    rejected: 0,
    fallbacks: 0,
    watched: 0,
    readsPerByteMax: 0,
    differences: 0,
    firstDifference: '',
    firstInput: '',
  }
  readonly #corpus: FuzzCorpus
  readonly #counters = new Counters()
  readonly #decoder = new BybitDecoder(this.#counters)
  readonly #reference: FuzzReference

  constructor(corpus: FuzzCorpus) {
    this.#corpus = corpus
    this.#reference = new FuzzReference(corpus.topics)
    for (const topic of corpus.topics) this.#decoder.addTopic(topic)
  }

  run({ seed, inputsMax, isOver }: FuzzOptions): FuzzReport {
    const report = this.report
    const random = new Random(seed)
    const damage = new Damage(random)
    let other = pickFrame(random, this.#corpus)
    while (report.inputs < inputsMax && report.differences < DIFFERENCES_MAX) {
      const frame = pickFrame(random, this.#corpus)
      if (random.below(CUT_EVERY) === 0) {
        for (let at = 0; at <= frame.length; at++) this.check(damage.cut(frame, at))
      } else {
        for (let i = 0; i < INJURIES_PER_FRAME; i++) this.check(damage.injure(frame, other))
      }
      other = frame
      if (isOver(report.inputs, report.differences)) break
    }
    report.fallbacks = this.#counters.get('frames_fallback')
    return report
  }

  /** One input; answers what differs, empty when nothing does. */
  check(input: Buffer): string {
    const report = this.report
    const decoder = this.#decoder
    const refused = this.#refused()
    const kind = decoder.decode(input)
    const isBad = kind === FRAME_BAD
    report.inputs++
    if (isBad) report.rejected++
    else report.accepted++
    let difference = this.#reference.difference(input, decoder, kind)
    if (this.#refused() - refused !== (isBad ? 1 : 0)) difference = 'not counted as it should be'
    if (report.inputs % WATCH_EVERY === 0 && this.#readsPerByte(input) > READS_PER_BYTE_MAX) {
      difference = 'the same bytes are read again and again'
    }
    if (difference !== '' && report.differences++ === 0) {
      report.firstDifference = difference
      report.firstInput = input.toString('base64')
    }
    return difference
  }

  #refused(): number {
    return this.#counters.get('frames_malformed') + this.#counters.get('bad_data')
  }

  #readsPerByte(input: Buffer): number {
    let reads = 0
    const watched = new Proxy(input, {
      get(target, key) {
        if (typeof key === 'string' && key >= '0' && key < ':') reads++
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    this.#decoder.decode(watched)
    const readsPerByte = reads / (input.length + 1)
    this.report.watched++
    this.report.readsPerByteMax = Math.max(this.report.readsPerByteMax, readsPerByte)
    return readsPerByte
  }
}
