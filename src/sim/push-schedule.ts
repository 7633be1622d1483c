import type { Random } from '../core/random.ts'
import type { Topic } from './channel.ts'

/**
 * When each topic of one instrument is pushed: at its own period divided by the speed, from a
 * random phase, and at least as often as it must repeat itself. Times are virtual microseconds.
 */
export class PushSchedule {
  /** Topics with subscribers that are pushed by time. */
  topics: readonly Topic[] = []
  nextUs = Number.POSITIVE_INFINITY
  #speed = 0
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** Waiting times that have begun shrink or grow with the speed. */
  setSpeed(speed: number, nowUs: number): void {
    if (speed === this.#speed) return
    const ratio = this.#speed === 0 || speed === 0 ? 0 : this.#speed / speed
    this.#speed = speed
    for (const topic of this.topics) {
      const isWaiting = Number.isFinite(topic.nextDueUs) && ratio > 0
      const leftUs = isWaiting ? (topic.nextDueUs - nowUs) * ratio : this.#phaseUs(topic)
      topic.nextDueUs = nowUs + Math.min(leftUs, topic.repeatUs)
    }
    this.#findNext()
  }

  /** Call when the subscribers of a topic changed. */
  follow(topic: Topic, nowUs: number): void {
    const isScheduled = this.topics.includes(topic)
    const isWanted = topic.channel.isActive() && Number.isFinite(topic.periodUs)
    if (isWanted && !isScheduled) {
      this.topics = [...this.topics, topic]
      topic.nextDueUs = nowUs + Math.min(this.#phaseUs(topic), topic.repeatUs)
    } else if (!isWanted && isScheduled) {
      this.topics = this.topics.filter((other) => other !== topic)
      topic.nextDueUs = Number.POSITIVE_INFINITY
    }
    this.#findNext()
  }

  /** Pushes what is due. */
  push(nowUs: number): void {
    const topics = this.topics
    for (let i = 0; i < topics.length; i++) {
      const topic = topics[i]
      if (topic.nextDueUs > nowUs) continue
      topic.push(nowUs)
      const waitUs = this.#speed === 0 ? Number.POSITIVE_INFINITY : topic.periodUs / this.#speed
      topic.nextDueUs = nowUs + Math.min(waitUs, topic.repeatUs)
    }
    this.#findNext()
  }

  /** Everything happens that much later. */
  delay(durationUs: number): void {
    for (const topic of this.topics) topic.nextDueUs += durationUs
    this.#findNext()
  }

  #phaseUs(topic: Topic): number {
    if (this.#speed === 0) return Number.POSITIVE_INFINITY
    return (this.#random.float() * topic.periodUs) / this.#speed
  }

  #findNext(): void {
    const topics = this.topics
    let next = Number.POSITIVE_INFINITY
    for (let i = 0; i < topics.length; i++) next = Math.min(next, topics[i].nextDueUs)
    this.nextUs = next
  }
}
