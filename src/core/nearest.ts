/**
 * Which known name a person may have meant. Answers nothing rather than something far-fetched: a
 * wrong hint is worse than none.
 */

/** Names longer than this are not compared: the distance takes time in the square of the length. */
const NAME_CHARACTERS_MAX = 64

/**
 * The known name closest to `name`, at most a third of its characters away; undefined when none is
 * near.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > NAME_CHARACTERS_MAX) return undefined
  const wanted = fold(name)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    if (candidate.length > NAME_CHARACTERS_MAX) continue
    const distance = editDistance(wanted, fold(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** ", did you mean X?" or nothing, to be put at the end of a message. */
export function nameHint(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `, did you mean ${nearest}?`
}

/** Case and word separators are what people get wrong first, and they should cost nothing. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '')
}

/**
 * Insertions, deletions, replacements and swaps of neighbors between two words (the restricted
 * Damerau-Levenshtein distance), by dynamic programming over three rows.
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let cost = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1))
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) cost = Math.min(cost, beforeLast[j - 2] + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]
}
