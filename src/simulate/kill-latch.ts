/** The kill latch as the threads of one process share it: settings, and how many were released. */
export class KillLatch {
  kills = 0
  #released = 0

  get isSet(): boolean {
    return this.kills !== this.#released
  }

  kill(): void {
    this.kills++
  }

  release(kills: number): void {
    this.#released = kills
  }
}
