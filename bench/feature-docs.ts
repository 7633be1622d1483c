import { mkdirSync, writeFileSync } from 'node:fs'
import { featurePageText } from '../src/features/feature-page.ts'
import { featureSchemaText } from '../src/features/schema.ts'

/** `npm run docs:features`: writes what the registry says, for people and for programs. */
mkdirSync('docs', { recursive: true })
writeFileSync('docs/features.md', featurePageText())
writeFileSync('schemas/features.json', featureSchemaText())
process.stderr.write('written: docs/features.md, schemas/features.json\n')
