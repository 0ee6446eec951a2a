import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type ExchangeTexts, ingestFiles } from '@phalanx/ingest';
import { createSketcher, HashDomain } from '@phalanx/sketch';
import { openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';

const CONTAINER_PACKAGES = ['pyarrow==26.0.1', 'zstandard==0.25.0'];
const OTEL_PACKAGES = [
  // The official instrumentation needs httpx, which openai 3 does not bring, and wrapt below 2; 2.4b0 does not import.
  'openai==2.54.0',
  'opentelemetry-sdk==1.45.2',
  'opentelemetry-exporter-otlp-json-file==0.66b1',
  'opentelemetry-util-genai==1.3b0',
  'wrapt==1.17.3',
  'opentelemetry-instrumentation-openai-v2==2.3b0',
  'opentelemetry-instrumentation-openai==0.62.4',
  'openinference-instrumentation-openai==0.1.66',
];
/** The official one keeps texts in log records and the rest in spans; each file is read by itself here. */
const INSTRUMENTATIONS = ['official-spans', 'official-events', 'openllmetry', 'openinference'];
const LITELLM_PACKAGES = ['litellm==1.106.2'];
const CALLS = 20;
const ROWS = 600;
const KEY = new Uint8Array(32).fill(3);

/** One exchange as the program that logged it knows it. */
interface Call {
  readonly account: string;
  /** Empty, and the response null, where the file keeps no texts. */
  readonly prompt: string;
  readonly response: string | null;
  /** 0 where the file keeps none. */
  readonly outputTokens: number;
}

/** Files that other people's exporters and writers made just now, read by ingest, compared call by call. */
export const formats: Suite = {
  name: 'formats',
  what: 'ingest on files of pyarrow, zstandard, gzip, csv, four OpenTelemetry instrumentations and LiteLLM',
  async run(checks, { python }) {
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-formats-'));
    const store = await openTelemetryStore({ path: join(folder, 'store') });
    try {
      const withPython = async (packages: readonly string[], act: (peer: Python) => Promise<void>) => {
        const peer = await python.open(packages);
        if (typeof peer === 'string') checks.skip(peer);
        else await act(peer);
      };
      await withPython(CONTAINER_PACKAGES, async (peer) => {
        const written: Record<string, Call[]> = JSON.parse(
          await peer.run('write-containers.py', [folder, String(ROWS)]),
        );
        for (const [name, calls] of Object.entries(written))
          await compareFile(checks, store, join(folder, name), name, calls);
      });
      await withPython(OTEL_PACKAGES, async (peer) => {
        for (const name of INSTRUMENTATIONS) {
          const file = join(folder, name);
          const calls = JSON.parse(await peer.run('write-otlp.py', [name, file, String(CALLS)]));
          await compareFile(checks, store, file, name, calls);
        }
      });
      await withPython(LITELLM_PACKAGES, async (peer) => {
        const file = join(folder, 'litellm');
        const calls = JSON.parse(await peer.run('write-litellm.py', [file, String(CALLS)]));
        await compareFile(checks, store, file, 'litellm', calls);
      });
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function compareFile(
  checks: Checks,
  store: TelemetryStore,
  file: string,
  name: string,
  calls: readonly Call[],
): Promise<void> {
  const texts: ExchangeTexts[] = [];
  const report = await ingestFiles([file], {
    store,
    sketchKey: KEY,
    rejectedDir: `${file}-rejected`,
    texts: { appendTexts: async (some) => void texts.push(...some) },
  });
  const { exchanges, rejected, failures } = report;
  checks.equal(
    `${name}: exchanges, rejected rows, failures`,
    [exchanges, rejected, failures.length].join(', '),
    [calls.length, 0, 0].join(', '),
  );
  const sketcher = createSketcher(KEY);
  const hash = (account: string) => sketcher.hash64(HashDomain.ACCOUNT, account);
  const found = texts
    .map(({ account, prompt, response }) => `${account}\n${lastQuestion(prompt)}\n${response}`)
    .sort();
  const expected = calls
    .map(({ account, prompt, response }) => `${hash(account)}\n${prompt}\n${response}`)
    .sort();
  const missing = expected.filter((text) => !found.includes(text));
  checks.check(
    `${name}: account, prompt and response of every call`,
    isDeepStrictEqual(found, expected),
    () => `${missing.length} of ${expected.length} differ, first ${JSON.stringify([missing[0], found[0]])}`,
  );
  const accounts = [...new Set(calls.map(({ account }) => account))];
  const sample = await store.sampleExchanges({
    ...(await store.span())!,
    draws: [{ accounts: BigUint64Array.from(accounts, hash), share: 1 }],
  });
  const stored = Array.from(
    sample.account,
    (account, i) => `${account} ${sample.promptHash[i]} ${sample.outputTokens[i]}`,
  );
  const asked = calls.map(
    ({ account, prompt, outputTokens }) =>
      `${hash(account)} ${sketcher.sketchPrompt(prompt).hash} ${outputTokens}`,
  );
  checks.check(
    `${name}: stored account, prompt hash and tokens of every call`,
    isDeepStrictEqual(stored.sort(), asked.sort()),
    () => `${stored.length} rows, expected ${asked.length}; first ${stored[0]}, expected ${asked[0]}`,
  );
  const { accountId } = await store.accountFacts();
  checks.check(
    `${name}: accounts keep their names`,
    accounts.every((account) => accountId.includes(account)),
  );
}

/** The last user message of a stored conversation. */
function lastQuestion(conversation: string): string {
  if (conversation === '') return '';
  const messages = JSON.parse(conversation) as readonly { role: string; text: string }[];
  return messages.findLast(({ role }) => role === 'user')?.text ?? '';
}
