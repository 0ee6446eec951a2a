import {
  type AccountFacts,
  type Exchange,
  type ExchangeRecord,
  Intent,
  RESPONSE_MINHASH_BYTES,
  type TextSketch,
} from '@phalanx/domain';
import {
  describeClient,
  describeNetwork,
  describeParameters,
  findContradiction,
  HashDomain,
  type Sketcher,
} from '@phalanx/sketch';
import { RowFlag } from './exchange-columns.js';
import type { PromptSource } from './prompt-source.js';
import type { World } from './world.js';

/** Sketches kept for other worlds of the process; beyond it they are made anew. Some 500 bytes each. */
const REMEMBERED = 1_500_000;
const NO_RESPONSE = new Uint8Array(RESPONSE_MINHASH_BYTES);

/**
 * Turns simulated worlds into the records that `sketchExchange` would make of their exchanges, without writing the
 * exchanges out: text is what costs (45 us a varied prompt against 5 us a sketch), and worlds of one set of sources
 * share most prompts.
 *
 * Equal to `sketchExchange(readExchange(world, row))` in every field that a `TelemetryReader` can show, but for
 * `contradiction`, which here looks at headers and system prompt and not at the first message (it is shown in findings
 * and enters no e-value). End users hash to other values, one for one. Response, sizes, durations and token counts of the
 * prompt are left 0, `turns` is the conversation's and not the cut log's, and ids are row numbers.
 */
export class WorldRecords {
  readonly #sketcher: Sketcher;
  readonly #known = new Map<PromptSource, Map<number, TextSketch>>();
  #remembered = 0;

  constructor(sketcher: Sketcher) {
    this.#sketcher = sketcher;
  }

  *records(world: World): Generator<ExchangeRecord, void, undefined> {
    const c = world.columns;
    const hash = (domain: string, text: string): bigint => this.#sketcher.hash64(domain, text);
    const account = world.accounts.map(({ accountId }) => hash(HashDomain.ACCOUNT, accountId));
    const organisation = world.accounts.map((a) => hash(HashDomain.ORGANISATION, a.organisationId ?? ''));
    const system = world.systems.map((text) => hash(HashDomain.SYSTEM, text));
    const tools = world.tools.map((names) =>
      names.length === 0 ? 0n : hash(HashDomain.TOOLS, JSON.stringify([...new Set(names)].sort())),
    );
    const parameters = world.parameters.map((set) =>
      hash(HashDomain.PARAMETERS, describeParameters({ ...set })),
    );
    const clients = world.clients.map(readClient);
    const fingerprint = clients.map((client) => hash(HashDomain.FINGERPRINT, describeClient(client)));
    const networks = new Map<number, bigint>();
    const contradictions = new Map<number, boolean>();
    const endUsers = new Map<number, bigint>();
    for (let row = 0; row < world.size; row++) {
      const prompt = this.#sketchPrompt(world, row);
      const range = c.address[row]! >>> 8;
      let network = networks.get(range);
      if (network === undefined)
        networks.set(
          range,
          (network = hash(HashDomain.NETWORK, describeNetwork(formatAddress(range * 256)))),
        );
      const pair = c.client[row]! * world.systems.length + c.system[row]!;
      let contradiction = contradictions.get(pair);
      if (contradiction === undefined) {
        const found = findContradiction(clients[c.client[row]!], [world.systems[c.system[row]!]!]);
        contradictions.set(pair, (contradiction = found !== null));
      }
      const endUserNumber = c.endUser[row]!;
      let endUser = endUserNumber === 0 ? 0n : endUsers.get(endUserNumber);
      if (endUser === undefined)
        endUsers.set(endUserNumber, (endUser = hash(HashDomain.END_USER, `user ${endUserNumber}`)));
      const id = new Uint8Array(16);
      new DataView(id.buffer).setUint32(0, row);
      const failed = (c.flags[row]! & RowFlag.ERROR) !== 0;
      yield {
        id,
        account: account[c.account[row]!]!,
        organisation: organisation[c.account[row]!]!,
        endUser,
        atMs: world.startMs + c.offsetMs[row]!,
        model: world.models[c.model[row]!]!,
        operation: 'chat',
        ok: !failed,
        streamed: (c.flags[row]! & RowFlag.STREAMED) !== 0,
        inputTokens: 0,
        outputTokens: c.outputTokens[row]!,
        promptBytes: 0,
        responseBytes: 0,
        durationMs: 0,
        turns: c.turns[row]!,
        promptHash: prompt.hash,
        minhash: prompt.minhash,
        topics: prompt.topics,
        shape: prompt.shape,
        intents: tools[c.tools[row]!] === 0n ? prompt.intents : prompt.intents | Intent.TOOLS,
        systemHash: system[c.system[row]!]!,
        toolsHash: tools[c.tools[row]!]!,
        responseHash: 0n,
        responseMinhash: NO_RESPONSE,
        fingerprint: fingerprint[c.client[row]!]!,
        contradiction,
        network,
        parameters: parameters[c.parameters[row]!]!,
      };
    }
  }

  /** What the provider knows of the world's accounts; no label goes in. */
  facts(world: World): AccountFacts {
    const { accounts } = world;
    const column = (domain: string, pick: (a: (typeof accounts)[number]) => string | undefined) =>
      BigUint64Array.from(accounts, (a) => this.#sketcher.hash64(domain, pick(a) ?? ''));
    return {
      account: column(HashDomain.ACCOUNT, (a) => a.accountId),
      accountId: accounts.map((a) => a.accountId),
      organisation: column(HashDomain.ORGANISATION, (a) => a.organisationId),
      createdAtMs: Float64Array.from(accounts, (a) => a.createdAtMs ?? 0),
      payment: column(HashDomain.PAYMENT, (a) => a.paymentFingerprint),
      signupNetwork: column(HashDomain.NETWORK, (a) => describeNetwork(a.signupIp)),
      signupDevice: column(HashDomain.DEVICE, (a) => a.signupDevice),
      emailDomain: accounts.map((a) => a.emailDomain ?? ''),
      programme: accounts.map((a) => a.programme ?? ''),
      declaration: accounts.map((a) => a.declaration ?? ''),
    };
  }

  #sketchPrompt(world: World, row: number): TextSketch {
    const { source, prompt, dress } = world.columns;
    if (dress[row] !== 0) return this.#sketcher.sketchPrompt(world.promptText(row));
    const from = world.sources[source[row]!]!;
    let known = this.#known.get(from);
    if (known === undefined) this.#known.set(from, (known = new Map()));
    const old = known.get(prompt[row]!);
    if (old !== undefined) return old;
    const made = this.#sketcher.sketchPrompt(world.promptText(row));
    if (this.#remembered++ < REMEMBERED) known.set(prompt[row]!, made);
    return made;
  }
}

function readClient(client: World['clients'][number]): NonNullable<Exchange['client']> {
  return {
    userAgent: client.userAgent,
    headers: { 'user-agent': client.userAgent, ...client.headers },
  };
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
