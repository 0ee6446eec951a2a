import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from './suite.js';

interface StixObject {
  readonly type: string;
  readonly name?: string;
  readonly revoked?: boolean;
  readonly x_mitre_deprecated?: boolean;
  readonly external_references?: readonly { readonly source_name: string; readonly external_id?: string }[];
}

/**
 * Every MITRE ATLAS technique that the compiled detector can name exists and is in force. Signals name theirs only when
 * they measure, so the ids are taken from the text of the built files.
 */
export const atlas: Suite = {
  name: 'atlas',
  what: 'technique ids in the built detector against the published ATLAS bundle (STIX)',
  async run(checks, { root, vectors }) {
    if (vectors === null) return checks.skip('no folder of vectors');
    const bundle = JSON.parse(readFileSync(join(vectors, 'vectors/stix/stix-atlas.json'), 'utf8'));
    const techniques = new Map(
      (bundle.objects as StixObject[])
        .filter((object) => object.type === 'attack-pattern')
        .flatMap((object) =>
          (object.external_references ?? []).map((reference) => [reference.external_id, object]),
        ),
    );
    const used = findIds(join(root, 'packages/detect/dist'));
    checks.check('the detector names techniques', used.size > 0);
    checks.check('the bundle holds techniques', techniques.size > 50, () => `${techniques.size}`);
    for (const id of [...used].sort()) {
      const technique = techniques.get(id);
      const inForce = technique !== undefined && !technique.revoked && !technique.x_mitre_deprecated;
      checks.check(`${id} is in force`, inForce, () => (technique ? 'withdrawn' : 'not in the bundle'));
      if (technique) checks.note(`${id} ${technique.name}`);
    }
  },
};

function findIds(folder: string): Set<string> {
  const ids = new Set<string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.js'))
      for (const [id] of readFileSync(join(folder, file), 'utf8').matchAll(/\bAML\.T\d{4}(?:\.\d{3})?\b/g))
        ids.add(id);
  return ids;
}
