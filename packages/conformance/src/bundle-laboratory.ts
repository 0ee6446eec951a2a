import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatCertificates } from '@phalanx/attestation';
import { utf8 } from '@phalanx/core';
import type { OpensslAuthority } from './openssl-authority.js';

/** What a program came to. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A small provider with a hidden pool, from its logs to a finding, all of it by the `phalanx` command. */
export interface BundleLaboratory {
  readonly folder: string;
  readonly dataDir: string;
  /** Of its log. */
  readonly verifierKey: string;
  /** PEM file of the key that signs statements. */
  readonly statementKeyFile: string;
  /** tlog-policy that names its log. */
  readonly policyFile: string;
  readonly tsaFile: string;
  readonly findingId: string;
  /** Ids of the accounts in the finding. */
  readonly members: readonly string[];
  /** Findings as `detect` printed them. */
  readonly findings: unknown;
  readonly exchanges: number;
  run(...args: string[]): Promise<Ended>;
}

/** 222 accounts, some 17,500 exchanges: a small world in which a pool is found. */
const WORLD = ['--seed', '7', '--set', 'days=2', '--set', 'ordinaryAccounts=100', '--set', 'poolAccounts=50'];
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 170_000;

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const settings = { ...options, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  try {
    return { code: 0, ...(await promisify(execFile)(program, args, settings)) };
  } catch (error) {
    const { code, stdout = '', stderr = '', message } = error as Error & Partial<Ended>;
    if (typeof code !== 'number') throw new Error(`${program}: ${message}`, { cause: error });
    return { code, stdout, stderr };
  }
}

/**
 * @param root of the repository, with the command built
 * @throws Error when a step of the way ends otherwise than it should
 */
export async function openBundleLaboratory(
  root: string,
  folder: string,
  authority: OpensslAuthority,
): Promise<BundleLaboratory> {
  const program = join(root, 'packages/cli/dist/main.js');
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('PHALANX_')),
  );
  const run = (...args: string[]) => runProgram(process.execPath, [program, ...args], { cwd: folder, env });
  const must = async (code: number, ...args: string[]): Promise<string> => {
    const ended = await run(...args);
    if (ended.code !== code)
      throw new Error(`phalanx ${args.slice(0, 2).join(' ')}: ${ended.stderr.slice(-500)}`);
    return ended.stdout;
  };
  const tsaFile = join(folder, 'tsa.pem');
  writeFileSync(tsaFile, formatCertificates(authority.certificates));
  // The traffic is of long ago, and its text is to be kept.
  const config = [
    'data = "data"',
    '[ingest]',
    'text_days = 3650',
    '[ledger]',
    `tsa = "${authority.url}"`,
    'tsa_certificates = "tsa.pem"',
  ];
  writeFileSync(join(folder, 'phalanx.toml'), `${config.join('\n')}\n`);
  const dataDir = join(folder, 'data');
  await must(0, 'simulate', 'quickstart', '--out', 'logs', ...WORLD);
  const verifierKey = (
    await must(0, 'ledger', 'init', '--origin', 'log-1.lab.example', '--unencrypted')
  ).trim();
  await must(0, 'ingest', 'logs/traffic.jsonl', '--accounts', 'logs/accounts.jsonl');
  const { findings, exchanges } = JSON.parse(await must(1, 'detect', '--json'));
  const policyFile = join(folder, 'lab.tlog-policy');
  writeFileSync(policyFile, `log ${verifierKey}\nquorum none\n`);
  const statementKeyFile = join(folder, 'lab-statements.pem');
  const key = createPublicKey(readFileSync(join(dataDir, 'ledger/statements.key'), 'utf8'));
  writeFileSync(statementKeyFile, utf8(String(key.export({ format: 'pem', type: 'spki' }))));
  return {
    folder,
    dataDir,
    verifierKey,
    statementKeyFile,
    policyFile,
    tsaFile,
    findingId: findings[0].id,
    members: findings[0].members.map(({ accountId }: { accountId: string }) => accountId),
    findings,
    exchanges,
    run,
  };
}
