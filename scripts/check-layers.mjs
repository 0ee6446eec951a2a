// Imports point down. Proves for every package: what it imports is declared, and what it declares lies on a lower floor.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FLOOR = {
  core: 0,
  domain: 1,
  stats: 1,
  suspect: 1,
  sketch: 2,
  watermark: 2,
  'black-box': 2,
  wire: 2,
  triage: 2,
  ledger: 2,
  coalition: 2,
  attestation: 2.5, // uses ledger, a listed exception within floor 2
  weights: 3,
  store: 3,
  record: 3,
  evidence: 3.5, // uses record, a listed exception within floor 3
  ingest: 3.5, // uses store, a listed exception within floor 3
  detect: 3,
  attribution: 3,
  testing: 4,
  server: 4,
  cli: 5,
  conformance: 6,
  bench: 6,
};
const SAME_FLOOR = new Set(['stats>core']);
const problems = [];

for (const name of readdirSync('packages')) {
  if (!(name in FLOOR)) problems.push(`packages/${name} has no floor in scripts/check-layers.mjs`);
  const manifest = JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'));
  const optional = Object.keys(manifest.peerDependencies ?? {}).filter(
    (peer) => manifest.peerDependenciesMeta?.[peer]?.optional,
  );
  const declared = new Set([...Object.keys(manifest.dependencies ?? {}), ...optional]);
  for (const dependency of declared) {
    const target = dependency.startsWith('@phalanx/') ? dependency.slice(9) : null;
    if (target && !(FLOOR[target] < FLOOR[name]) && !SAME_FLOOR.has(`${name}>${target}`))
      problems.push(`${name} (floor ${FLOOR[name]}) depends on ${target} (floor ${FLOOR[target]})`);
  }
  for (const file of readdirSync(join('packages', name, 'src'), { recursive: true })) {
    if (!/\.ts$/.test(file) || /\.(test|as)\.ts$/.test(file)) continue;
    const text = readFileSync(join('packages', name, 'src', file), 'utf8');
    for (const [, from, called] of text.matchAll(/\bfrom\s+'([^'.][^']*)'|\bimport\(\s*'([^'.][^']*)'/g)) {
      const specifier = from ?? called;
      if (specifier.startsWith('node:')) continue;
      const imported = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      if (!declared.has(imported))
        problems.push(`packages/${name}/src/${file} imports ${imported}, not in its package.json`);
    }
  }
}

for (const problem of problems) console.error(problem);
console.log(`layers: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
