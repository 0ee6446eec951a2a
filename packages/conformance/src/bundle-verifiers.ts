import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EvidenceTrust, verifyEvidence } from '@phalanx/evidence';
import { type BundleLaboratory, type Ended, runProgram } from './bundle-laboratory.js';

/** What a verifier made of a bundle: the link that broke, or null. */
export type Verdict = string | null;

/** Our two verifiers of bundles: the one in TypeScript, and the program that lies in every bundle. */
export interface BundleVerifiers {
  /** Both verdicts. @param isAnchored whether they know keys and certificates from elsewhere */
  ask(bundle: string, isAnchored: boolean): Promise<{ readonly own: Verdict; readonly script: Verdict }>;
  /** Runs the program that lies in the bundle, with whatever is in front of it. */
  runScript(bundle: string, before: readonly string[]): Promise<Ended>;
}

/**
 * @param script copy of `verify.py`; the one in a bundle may be altered
 * @param identityFile age identity of the expert
 */
export function makeBundleVerifiers(
  lab: BundleLaboratory,
  script: string,
  identityFile: string,
): BundleVerifiers {
  const identity = readFileSync(identityFile, 'utf8')
    .split('\n')
    .find((line) => line.startsWith('AGE-SECRET-KEY-'))!;
  const anchors: EvidenceTrust = {
    policy: readFileSync(lab.policyFile),
    statementKey: readFileSync(lab.statementKeyFile),
    timestampAuthority: readFileSync(lab.tsaFile),
  };
  const flags = [
    ['--log-key', lab.verifierKey],
    ['--statement-key', lab.statementKeyFile],
    ['--tsa-certificates', lab.tsaFile],
  ].flat();
  const scriptArgs = (path: string, bundle: string, isAnchored: boolean) => [
    path,
    bundle,
    '--identity',
    identityFile,
    ...(isAnchored ? flags : []),
  ];
  return {
    async ask(bundle, isAnchored) {
      const [ended, check] = await Promise.all([
        runProgram('python3', scriptArgs(script, bundle, isAnchored)),
        verifyEvidence(bundle, { identity, ...(isAnchored ? anchors : {}) }),
      ]);
      return { own: check.verified ? null : check.links.at(-1)!.link, script: readVerdict(ended) };
    },
    runScript: (bundle, before) => {
      const [program, ...args] = [
        ...before,
        'python3',
        ...scriptArgs(join(bundle, 'verify.py'), bundle, true),
      ];
      return runProgram(program!, args);
    },
  };
}

/** @throws Error for an output that is neither: an exception of Python is no verdict */
export function readVerdict({ code, stdout, stderr }: Ended): Verdict {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (code === 0 && last === 'VERIFIED') return null;
  const [, link] = /^BROKEN {2}([a-z]+): /.exec(last) ?? [];
  if (code === 1 && link !== undefined && stderr === '') return link;
  throw new Error(`verify.py ended with ${code}: ${stderr.slice(-300)}`);
}
