import { readFileSync } from 'node:fs'
import { fail, messageOf, type Result, succeed } from '../core/result.ts'
import { type PlannedEpisode, parseEpisodes, standardEpisodes } from '../sim/episode-director.ts'
import { listInstruments } from '../sim/instruments.ts'

/** A plan that repeats for a day, on the first ten symbols. */
const STANDARD_SECONDS = 86_400
const STANDARD_SYMBOLS_MAX = 10

/** `--episodes`: none, standard, or a JSON file. */
export function readEpisodePlan(
  choice: string,
  symbols: number | readonly string[],
): Result<readonly PlannedEpisode[]> {
  if (choice === 'none') return succeed([])
  if (choice === 'standard') {
    const listed = listInstruments('linear', symbols).map((one) => one.symbol)
    return succeed(standardEpisodes(listed.slice(0, STANDARD_SYMBOLS_MAX), STANDARD_SECONDS))
  }
  let text: string
  try {
    text = readFileSync(choice, 'utf8')
  } catch (error) {
    return fail('input_unreadable', `option --episodes: ${messageOf(error)}`)
  }
  return parseEpisodes(text)
}
