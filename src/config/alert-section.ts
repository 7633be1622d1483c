import { type Static, Type } from '@sinclair/typebox'
import { ALERT_KINDS, type AlertSettings, alertSettings } from '../domain/alerts.ts'

const Kind = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ description: 'false: this kind is not raised' })),
    on: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1e9,
        description: 'sets it off, in the unit of the kind',
      }),
    ),
    off: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1e9,
        description: 'the value must fall back to it; below on',
      }),
    ),
    cool_down_ms: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 86_400_000, description: 'between two of a side' }),
    ),
  },
  { additionalProperties: false },
)

/** `alerts` of the configuration. */
export const AlertSection = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'false: nothing is watched for' }),
    kinds: Type.Record(Type.String({ pattern: `^(${ALERT_KINDS.join('|')})$` }), Kind, {
      additionalProperties: false,
      default: {},
      description: 'per kind: what replaces its row in the table of kinds',
    }),
  },
  { additionalProperties: false, default: {}, description: 'what the desk is told of a market' },
)

type Kinds = Static<typeof AlertSection>['kinds']
type ReadonlyKinds = Readonly<Record<string, Readonly<Kinds[string]>>>

/** The table of kinds with what the configuration replaces. */
export function configuredAlerts(kinds: ReadonlyKinds): AlertSettings {
  const changes = Object.entries(kinds).map(([kind, change]) => {
    const { cool_down_ms: coolDownMs, enabled: isEnabled, off, on } = change
    return [
      kind,
      {
        ...(isEnabled === undefined ? {} : { isEnabled }),
        ...(on === undefined ? {} : { on }),
        ...(off === undefined ? {} : { off }),
        ...(coolDownMs === undefined ? {} : { coolDownMs }),
      },
    ]
  })
  return alertSettings(Object.fromEntries(changes))
}
