// hot
import type { GroupSetup, RowState } from './row-state.ts'

/** Lots of each visible level with their ages (features.md 1.6). */
export class QueueModel {
  readonly overflows = 0
  readonly scale: number = 1

  constructor(setup: GroupSetup) {
    this.scale = setup.depth > 0 ? 1 : 0
  }

  update(row: RowState): void {
    row.entries += 0
  }
}
