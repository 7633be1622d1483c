/**
 * Seeded randomness. Same seed, same numbers, on every platform. The generator is xoshiro128** 1.1
 * by Blackman and Vigna (prng.di.unimi.it), seeded through SplitMix32. Not for secrets.
 */
export class Random {
  readonly #state = new Uint32Array(4)

  constructor(seed: number) {
    let x = seed >>> 0
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      this.#state[i] = (z ^ (z >>> 15)) >>> 0
    }
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    const s = this.#state
    const scrambled = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0
    const shifted = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = rotateLeft(s[3], 11)
    return scrambled
  }

  /** Uniform in [0, 1) with 53 bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.float() * bound)
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.float())
  }

  /** Standard normal (Box and Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()))
    return radius * Math.cos(2 * Math.PI * this.float())
  }

  /** A generator for a part of the whole, independent of how much the others draw. */
  fork(stream: number): Random {
    return new Random((Math.imul(stream + 1, 0x9e3779b1) ^ this.uint32()) >>> 0)
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** A seed that differs from run to run; the caller logs it, so that the run can be repeated. */
export function systemSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]
}
