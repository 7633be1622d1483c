import { FEATURE_GROUP_NAMES, FEATURE_GROUPS, type FeatureGroup } from './catalogue.ts'
import { GROUP_NOTES, NOTATION } from './feature-notation.ts'
import { FEATURES, type FeatureDefinition, featureHash } from './registry.ts'

const HEAD =
  '| idx | name | what it says | formula | unit | range | update | missing when | source |'
const RULE = '|---|---|---|---|---|---|---|---|---|'

/** The text of `docs/features.md`: every feature of the registry, to be looked up by people. */
export function featurePageText(): string {
  return [
    '# Features',
    '',
    `The ${FEATURES.length} columns of a feature row, hash \`${featureHash()}\`. ` +
      'This page is written by `npm run docs:features` from `src/features/`; ' +
      '[schemas/features.json](../schemas/features.json) says the same to programs. ' +
      'Parameters, as `vpinBuckets`, are those of `params` in an instruments file and, ' +
      'as `vpin_buckets`, of `features` in the configuration.',
    '',
    FEATURE_GROUP_NAMES.map((group) => `[${group}](#${anchor(group)})`).join(' '),
    '',
    '## Notation',
    '',
    ...NOTATION.map((line) => `- ${line}`),
    ...FEATURE_GROUP_NAMES.flatMap(groupLines),
    '',
  ].join('\n')
}

function title(group: FeatureGroup): string {
  const text = FEATURE_GROUPS[group]
  return `${group}. ${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

/** As the common renderers make it of a heading. */
function anchor(group: FeatureGroup): string {
  return title(group)
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
}

function groupLines(group: FeatureGroup): string[] {
  const features = FEATURES.filter((feature) => feature.group === group)
  const notes = GROUP_NOTES[group].flatMap((note) => ['', note])
  return ['', `## ${title(group)}`, ...notes, '', HEAD, RULE, ...features.map(tableLine)]
}

function tableLine(feature: FeatureDefinition): string {
  const { doc, formula, idx, missing, name, range, source, unit, update } = feature
  const cells = [idx, `\`${name}\``, doc, formula, unit, range, update, missing, source]
  return `| ${cells.join(' | ')} |`
}
