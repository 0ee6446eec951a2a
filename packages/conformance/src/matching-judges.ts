import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const PACKAGES = { '@cloudflare/voprf-ts': '1.0.0', '@openmined/psi.js': '2.0.6' };
const INSTALL_MS = 300_000;

/** What others wrote, loaded. */
export interface MatchingJudges {
  /** `@cloudflare/voprf-ts` on noble's curves: the other implementations have no ristretto255. */
  // biome-ignore lint/suspicious/noExplicitAny: a package that is not installed when this is compiled
  readonly voprf: any;
  /** `@openmined/psi.js`. */
  // biome-ignore lint/suspicious/noExplicitAny: a package that is not installed when this is compiled
  readonly psi: any;
}

/**
 * Installs both into `home`, without scripts: the dependencies of psi.js fetch compilers from elsewhere, which it does not use when it runs. A text
 * says why they cannot be had.
 */
export async function openMatchingJudges(home: string): Promise<MatchingJudges | string> {
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  try {
    await promisify(execFile)('npm', ['install', ...flags], { cwd: home, timeout: INSTALL_MS });
    const load = (path: string) => import(pathToFileURL(join(home, 'node_modules', path)).href);
    const voprf = await load('@cloudflare/voprf-ts/lib/esm/src/index.js');
    const { CryptoNoble } = await load('@cloudflare/voprf-ts/lib/esm/src/cryptoNoble.js');
    voprf.Oprf.Crypto = CryptoNoble;
    const psi = await (await load('@openmined/psi.js/psi_wasm_node.js')).default();
    return { voprf, psi };
  } catch (error) {
    const last = String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)!;
    return `no ${Object.keys(PACKAGES).join(' and ')}: ${last.slice(0, 200)}`;
  }
}
