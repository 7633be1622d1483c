import type { CaptureRun } from '../threads/capture-run.ts'

/** What of the recordings was lost or not understood; empty when everything was. */
export function unreadNote({ counters, skippedLines }: CaptureRun): string {
  const gaps = counters.get('gaps')
  const refused = counters.get('bad_data')
  const lines = skippedLines + counters.get('frames_malformed')
  if (gaps + refused + lines === 0) return ''
  return `${gaps} gaps, ${refused} refused messages, ${lines} lines without a message`
}
