import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What decides over a finding: how text becomes a sketch, what is tested, and with which tails. */
const PACKAGES = ['@phalanx/detect', '@phalanx/domain', '@phalanx/sketch', '@phalanx/stats'] as const;

/** `digestCode` of the packages of the detector. */
export function digestDetector(): string {
  return digestCode(PACKAGES);
}

/**
 * SHA-256 over code as it runs: for each file of these packages, in the order of names, its path, a zero byte, its SHA-256 and a
 * newline, tests left out.
 */
export function digestCode(packages: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of packages) {
    const folder = dirname(fileURLToPath(import.meta.resolve(name)));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:js|ts|wasm)$/.test(file) && !/\.(?:d|test)\.|test\.support/.test(file))
      .map((file) => file.replaceAll('\\', '/'))
      .sort();
    for (const file of files) {
      const content = createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
      hash.update(`${name}/${file}\0${content}\n`);
    }
  }
  return hash.digest('hex');
}
