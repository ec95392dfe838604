import { mkdirSync } from 'node:fs'
import { writeGolden } from './golden-file.js'
import { GOLDENS } from './goldens.js'

/** `npm run golden`: makes the golden savepoints of version 0 anew. A change of them needs a line in the changelog. */
mkdirSync(new URL('v0', import.meta.url), { recursive: true })
for (const [name, { make }] of Object.entries(GOLDENS)) writeGolden(name, await make())
