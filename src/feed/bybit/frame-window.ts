// hot
/**
 * Where frames are copied to be scanned fast. The copy costs about 15 ns for a message of a few
 * levels and saves more than half of a scan: an array that never changes needs no look at
 * where it lies and how long it is for each byte, and four bytes can be compared at once wherever
 * they begin (bench/decode.bench.ts).
 *
 * One window a thread: a scan begins and ends within one call. After the frame stands a zero, which
 * ends every loop and no comparison accepts, so a scan never gets more than a few bytes beyond it.
 *
 * A file that reads the window binds it to a constant of its own. V8 folds that into the code; an
 * imported name is loaded and checked at each use. The same holds for numbers, so hot files write
 * theirs down themselves.
 */
export const WINDOW_FRAME_BYTES_MAX = 1 << 17
/** Room for the zero and for words that begin at the last byte. */
const SLACK_BYTES = 16

export const WINDOW_BYTES: Uint8Array = new Uint8Array(WINDOW_FRAME_BYTES_MAX + SLACK_BYTES)
export const WINDOW_VIEW: DataView = new DataView(WINDOW_BYTES.buffer)

/** The four ASCII characters of `text` as `WINDOW_VIEW.getInt32(at, true)` reads them. */
export function wordOf(text: string): number {
  let word = 0
  for (let i = 3; i >= 0; i--) word = (word << 8) | (i < text.length ? text.charCodeAt(i) : 0)
  return word
}
