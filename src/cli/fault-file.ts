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

export type FaultPlan = Readonly<{
  faults: readonly PlannedFault[]
  /** What befalls the account: orders, fills, private connections. */
  privately: readonly PlannedPrivateFault[]
}>

/**
 * A plan of faults by its name, or from a file. JSON is YAML too. An entry of a file that names no
 * known kind is refused with its number.
 */
export function readFaultPlan(name: string): Result<FaultPlan, PlanFailure> {
  const ready = READY_PLANS.find((known) => known === name)
  if (ready !== undefined) {
    return succeed({ faults: PLANS[ready], privately: ready === 'hostile' ? PRIVATE_HOSTILE : [] })
  }
  const value = readPlanFile(name)
  if (!value.ok) return value
  const split = splitPlan(value.value)
  const faults = parsePlan(split.others)
  if (!faults.ok) return refused(name, faults.message)
  const privately = parsePrivatePlan(split.privately)
  if (!privately.ok) return refused(name, privately.message)
  return succeed({ faults: faults.value, privately: privately.value })
}

function refused(name: string, why: string): Result<never, PlanFailure> {
  return fail('bad_request', `option --faults: ${name}: ${why}`)
}

function readPlanFile(name: string): Result<unknown, PlanFailure> {
  let text: string
  try {
    text = readFileSync(name, 'utf8')
  } catch {
    const known = READY_PLANS.join(', ')
    return fail(
      'input_unreadable',
      `option --faults: ${name} is neither ${known} nor a file to read`,
    )
  }
  const value = parseYaml(text)
  return value === undefined ? refused(name, 'no YAML or JSON') : succeed(value)
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
