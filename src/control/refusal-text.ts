import type { FastifyError } from 'fastify'
import { nameHint } from '../core/nearest.ts'

type Fault = NonNullable<FastifyError['validation']>[number]

/**
 * Why a request is refused, as a sentence that names the field and what it may be. What the schemas
 * refuse comes as terms of the validator, told of by its `verbose` option.
 */
export function refusalText(error: FastifyError): string {
  const faults = error.validation ?? []
  // No body at all is the other branch of a body that may be left out.
  const telling = faults.filter(
    ({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null'),
  )
  return telling.length === 0 ? error.message : telling.map(faultText).join('; ')
}

function faultText(fault: Fault): string {
  const { keyword, message = 'is not valid', params } = fault
  const field = fault.instancePath.slice(1).replaceAll('/', '.') || 'body'
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty)
      const known = Object.keys(partOf(part(fault, 'parentSchema'), 'properties') ?? {})
      const hint = nameHint(key, known)
      const choice =
        known.length === 0 ? ', there is nothing to choose' : `, known are ${known.join(', ')}`
      return `${key}: unknown${hint === '' ? choice : hint}`
    }
    case 'required':
      return `${String(params.missingProperty)}: is missing`
    case 'enum': {
      const names = Array.isArray(params.allowedValues) ? params.allowedValues.map(String) : []
      const hint = nameHint(String(part(fault, 'data')), names)
      return `${field}: must be one of ${names.join(', ')}${hint}`
    }
    case 'pattern': {
      const meaning = partOf(part(fault, 'parentSchema'), 'description')
      return `${field}: ${message}${typeof meaning === 'string' ? ` (${meaning})` : ''}`
    }
    default:
      return `${field}: ${message}`
  }
}

function part(fault: Fault, name: string): unknown {
  return Object.entries(fault).find(([key]) => key === name)?.[1]
}

function partOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
