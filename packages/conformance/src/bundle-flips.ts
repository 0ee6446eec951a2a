import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Random } from '@phalanx/stats';
import { runProgram } from './bundle-laboratory.js';
import type { BundleVerifiers } from './bundle-verifiers.js';
import type { Checks } from './checks.js';

const SEED = 20_261_122;
/** Bits a file. */
const FLIPS = 3;
const MANIFEST = 'manifest-sha256.txt';
const TAG_MANIFEST = 'tagmanifest-sha256.txt';
/** What nobody signs: labels for people, which are in the manifests alone. */
const UNSIGNED = 'bag-info.txt';

/**
 * Single bits of every file flipped: once with the manifests left alone, which `sha256sum` notices too, once with manifests that were made
 * again. Both verifiers must refuse and agree; the only file in which a bit may pass is the one that nobody signs.
 */
export async function checkFlips(checks: Checks, bundle: string, verifiers: BundleVerifiers): Promise<void> {
  const random = new Random(SEED);
  const files = listFiles(bundle);
  const links = new Map<string, number>();
  const passed: string[] = [];
  let alone = 0;
  let remade = 0;
  for (const path of files)
    for (let n = 0; n < FLIPS; n++) {
      const place = join(bundle, path);
      const bytes = readFileSync(place);
      const bit = Math.floor(random.uniform() * 8 * bytes.length);
      const what = `${path}, bit ${bit}`;
      writeFileSync(place, flip(bytes, bit));
      try {
        const [{ own, script }, isListed] = await Promise.all([
          verifiers.ask(bundle, true),
          passesSha256sum(bundle),
        ]);
        alone++;
        checks.equal(`${what}: ours`, String(own), 'files');
        checks.equal(`${what}: verify.py`, String(script), 'files');
        checks.check(`${what}: sha256sum`, !isListed);
        if (path === MANIFEST || path === TAG_MANIFEST) continue;
        const restore = remakeManifests(bundle, path);
        try {
          const isAnchored = n > 0 || !path.startsWith('data/trust/');
          const found = await verifiers.ask(bundle, isAnchored);
          remade++;
          const isRefused = found.own !== null && found.script !== null;
          checks.check(
            `${what}, manifests remade: both agree`,
            (found.own === null) === (found.script === null),
            () => `${found.own} and ${found.script}`,
          );
          if (path === UNSIGNED) {
            if (!isRefused) passed.push(what);
          } else
            checks.check(
              `${what}, manifests remade: refused`,
              isRefused,
              () => `${found.own} and ${found.script}`,
            );
          const pair = found.own === found.script ? `${found.own}` : `${found.own}/${found.script}`;
          links.set(pair, (links.get(pair) ?? 0) + 1);
        } finally {
          restore();
        }
      } finally {
        writeFileSync(place, bytes);
      }
    }
  checks.note(`${files.length} files: ${alone} flipped bits refused by both verifiers and sha256sum`);
  checks.note(
    `${remade} more with manifests remade; link that broke: ${[...links].map(([link, count]) => `${link} ${count}`).join(', ')}`,
  );
  checks.note(`passed by both, since nobody signs ${UNSIGNED}: ${passed.join('; ') || 'none'}`);
}

/** `sha256sum -c` over both manifests. */
export async function passesSha256sum(bundle: string): Promise<boolean> {
  for (const manifest of [MANIFEST, TAG_MANIFEST]) {
    const { code } = await runProgram('sha256sum', ['-c', '--strict', '--quiet', manifest], { cwd: bundle });
    if (code !== 0) return false;
  }
  return true;
}

/** Every file of a bundle by its path. */
export function listFiles(folder: string): string[] {
  return (readdirSync(folder, { recursive: true, encoding: 'utf8' }) as string[])
    .map((path) => relative(folder, join(folder, path)))
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** Puts the hash of a changed file into the manifests, and returns what puts the old ones back. */
function remakeManifests(bundle: string, changed: string): () => void {
  const before = [MANIFEST, TAG_MANIFEST].map(
    (name) => [name, readFileSync(join(bundle, name), 'utf8')] as const,
  );
  const put = (manifest: string, path: string): void => {
    const hash = createHash('sha256')
      .update(readFileSync(join(bundle, path)))
      .digest('hex');
    const lines = readFileSync(join(bundle, manifest), 'utf8').split('\n');
    const made = lines.map((line) => (line.slice(66) === path ? `${hash}  ${path}` : line));
    writeFileSync(join(bundle, manifest), made.join('\n'));
  };
  if (changed.startsWith('data/')) put(MANIFEST, changed);
  put(TAG_MANIFEST, changed.startsWith('data/') ? MANIFEST : changed);
  return () => {
    for (const [name, text] of before) writeFileSync(join(bundle, name), text);
  };
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
