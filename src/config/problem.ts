import type { ResultCode } from '../domain/result-codes.ts'

/** One thing wrong with the configuration. `where` names the place a person has to edit. */
export type ConfigProblem = Readonly<{
  code: ResultCode
  /** `bookflow.yaml:12`, `environment BOOKFLOW_FEED_DEPTH`, or `defaults`. */
  where: string
  /** Dotted path of the key, `strategies[0].kind`; empty for the file as a whole. */
  path: string
  message: string
}>

/**
 * One line, as a compiler would say it: `bookflow.yaml:12: feed.depht: unknown key, did you mean
 * depth?`.
 */
export function problemLine(problem: ConfigProblem): string {
  const subject = problem.path === '' ? '' : `${problem.path}: `
  return `${problem.where}: ${subject}${problem.message}`
}

/** Keys and list positions from the root to a value. */
export type KeyPath = readonly (string | number)[]

export function dottedPath(path: KeyPath): string {
  let dotted = ''
  for (const key of path) {
    if (typeof key === 'number') dotted += `[${key}]`
    else dotted += dotted === '' ? key : `.${key}`
  }
  return dotted
}
