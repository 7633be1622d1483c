import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fail, type Result, succeed } from '../core/result.ts'
import { FAULT_KINDS } from '../sim/fault-kinds.ts'
import { type PlannedFault, parsePlan } from '../sim/fault-plan.ts'
import { PLANS, READY_PLANS } from '../sim/fault-profiles.ts'
import { PRIVATE_FAULT_KINDS } from '../sim/private-faults.ts'
import {
  type PlannedPrivateFault,
  PRIVATE_HOSTILE,
  parsePrivatePlan,
  splitPlan,
} from '../sim/private-plan.ts'

type PlanFailure = 'bad_request' | 'input_unreadable'

/**
 * A plan of faults by its name, or from a file. JSON is YAML too. An entry of a file that names no
 * known kind is refused with its number; entries of the private side are another's
 * (`readPrivatePlan`).
 */
export function readFaultPlan(name: string): Result<readonly PlannedFault[], PlanFailure> {
  const ready = READY_PLANS.find((known) => known === name)
  if (ready !== undefined) return succeed(PLANS[ready])
  const value = readPlanFile(name)
  const plan = value.ok ? parsePlan(splitPlan(value.value).others) : value
  return plan.ok || plan.code === 'input_unreadable'
    ? plan
    : fail('bad_request', `faults: ${name}: ${plan.message}`)
}

/** The part of the same plan that befalls the account: orders, fills, private connections. */
export function readPrivatePlan(name: string): Result<readonly PlannedPrivateFault[], PlanFailure> {
  if (READY_PLANS.some((known) => known === name)) {
    return succeed(name === 'hostile' ? PRIVATE_HOSTILE : [])
  }
  const value = readPlanFile(name)
  const plan = value.ok ? parsePrivatePlan(splitPlan(value.value).privately) : value
  return plan.ok || plan.code === 'input_unreadable'
    ? plan
    : fail('bad_request', `faults: ${name}: ${plan.message}`)
}

function readPlanFile(name: string): Result<unknown, PlanFailure> {
  let text: string
  try {
    text = readFileSync(name, 'utf8')
  } catch {
    const known = READY_PLANS.join(', ')
    return fail('input_unreadable', `faults: ${name} is neither ${known} nor a file to read`)
  }
  const value = parseYaml(text)
  return value === undefined ? fail('bad_request', 'no YAML or JSON') : succeed(value)
}

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** For the help of commands. */
export const FAULT_HELP = `Kinds of faults: ${FAULT_KINDS.join(', ')}.
Of the account: ${PRIVATE_FAULT_KINDS.join(', ')}.`
