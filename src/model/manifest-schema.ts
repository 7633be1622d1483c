import { type Static, Type } from '@sinclair/typebox'

/**
 * What `models/<name>/manifest.json` says. Unknown keys are refused: a misspelt key would otherwise
 * be a silent default. Times are ISO 8601 in UTC; metrics are out of sample and may be null where a
 * set has only one class.
 */
const strict = { additionalProperties: false } as const
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_.-]*$', maxLength: 64 })
const FeatureName = Type.String({ pattern: '^[a-z][a-z0-9_]*$' })
const FileName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$', maxLength: 128 })
const Count = Type.Integer({ minimum: 0 })
const Measure = Type.Union([Type.Number(), Type.Null()])

const Figures = Type.Object(
  { accuracy: Measure, log_loss: Measure, auc: Measure, brier: Measure },
  strict,
)

const Hits = {
  rows: Count,
  /** Separate changes of the mid these rows wait for: the number of independent observations. */
  changes: Count,
  /** Share of the rows whose label was the predicted one. */
  hit_rate: Measure,
}

const Calibration = Type.Object(
  {
    /** Rows where P(up) or P(down) is above the threshold. */
    threshold: Type.Number({ minimum: 0.5, maximum: 1 }),
    ...Hits,
  },
  strict,
)

const Evaluation = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    kind: Type.Union([
      Type.Literal('cross_validated'),
      Type.Literal('later_in_time'),
      Type.Literal('other_day'),
      Type.Literal('other_instrument'),
      Type.Literal('other_exchange'),
    ]),
    rows: Count,
    changes: Count,
    up_share: Measure,
    model: Figures,
    baselines: Type.Object(
      { majority: Figures, sign_imb_1: Figures, logistic_imb_1: Figures },
      strict,
    ),
    calibration: Type.Array(Calibration),
    /**
     * Rows that pass both doors of the scalper at its defaults; the mean move to the next mid, in
     * its direction.
     */
    scalper_entries: Type.Object({ ...Hits, move_bps: Measure }, strict),
  },
  strict,
)

const Source = Type.Object(
  {
    file: Type.String({ minLength: 1 }),
    symbol: Type.String({ minLength: 1 }),
    from: Type.String({ minLength: 1 }),
    to: Type.String({ minLength: 1 }),
    rows: Count,
  },
  strict,
)

export const ManifestSchema = Type.Object(
  {
    format: Type.Literal(1),
    name: Name,
    version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
    created: Type.String({ minLength: 10 }),
    onnx: Type.Object(
      { file: FileName, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
      strict,
    ),
    /** Hash of the feature registry it was trained against. */
    feature_hash: Type.String({ pattern: '^[0-9a-f]{8,64}$' }),
    /** Inputs by name, in the order of the input columns. */
    features: Type.Array(FeatureName, { minItems: 1, maxItems: 150, uniqueItems: true }),
    /**
     * keep_nan: the model knows what a missing value means. skip_row: a row with any NaN input gets
     * no score.
     */
    missing_values: Type.Union([Type.Literal('keep_nan'), Type.Literal('skip_row')]),
    /** Features without which there is no score all the same; they need not be inputs. */
    required_features: Type.Array(FeatureName, { uniqueItems: true }),
    input: Type.Object(
      { name: Type.String({ minLength: 1 }), columns: Type.Integer({ minimum: 1 }) },
      strict,
    ),
    /** `up` and `down` are the columns that hold P(up) and P(down). */
    output: Type.Object(
      {
        name: Type.String({ minLength: 1 }),
        columns: Type.Integer({ minimum: 2 }),
        up: Count,
        down: Count,
      },
      strict,
    ),
    label: Type.String({ minLength: 1 }),
    training: Type.Object(
      {
        from: Type.String({ minLength: 10 }),
        to: Type.String({ minLength: 10 }),
        rows: Count,
        seed: Type.Integer(),
        sources: Type.Array(Source, { minItems: 1 }),
        libraries: Type.Record(Type.String(), Type.String()),
      },
      strict,
    ),
    evaluations: Type.Array(Evaluation, { minItems: 1 }),
    /** Known inputs (null: NaN) and the output columns they gave where the model was made. */
    self_test: Type.Object(
      {
        tolerance: Type.Number({ exclusiveMinimum: 0, maximum: 1e-3 }),
        inputs: Type.Array(Type.Array(Measure), { minItems: 1, maxItems: 64 }),
        outputs: Type.Array(Type.Array(Type.Number()), { minItems: 1, maxItems: 64 }),
      },
      strict,
    ),
  },
  strict,
)

export type Manifest = Static<typeof ManifestSchema>
