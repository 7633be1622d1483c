import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fail, type Result, succeed } from '../core/result.ts'
import { FAULT_KINDS } from '../sim/fault-kinds.ts'
import { type PlannedFault, parsePlan } from '../sim/fault-plan.ts'
import { PLANS, READY_PLANS } from '../sim/fault-profiles.ts'

type PlanFailure = 'bad_request' | 'input_unreadable'

/**
 * A plan of faults by its name, or from a file. JSON is YAML too. An entry of a file that names no
 * known kind is refused with its number.
 */
export function readFaultPlan(name: string): Result<readonly PlannedFault[], PlanFailure> {
  const ready = READY_PLANS.find((known) => known === name)
  if (ready !== undefined) return succeed(PLANS[ready])
  let text: string
  try {
    text = readFileSync(name, 'utf8')
  } catch {
    const known = READY_PLANS.join(', ')
    return fail('input_unreadable', `faults: ${name} is neither ${known} nor a file to read`)
  }
  const value = parseYaml(text)
  const plan = value === undefined ? fail('bad_request', 'no YAML or JSON') : parsePlan(value)
  return plan.ok ? plan : fail('bad_request', `faults: ${name}: ${plan.message}`)
}

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** For the help of commands. */
export const FAULT_HELP = `Kinds of faults: ${FAULT_KINDS.join(', ')}.`
