import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_MS = 120_000;

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A hub, three key servers and three labs as processes of the built command, with certificates by OpenSSL. */
export class CoalitionParties {
  static readonly LABS = ['lab-a', 'lab-b', 'lab-c'];
  static readonly SERVERS = ['key-1', 'key-2', 'key-3'];
  readonly #folder: string;
  readonly #main: string;
  readonly #ports = new Map<string, number>();
  readonly #running = new Map<string, ChildProcess>();

  constructor(folder: string, root: string) {
    this.#folder = folder;
    this.#main = join(root, 'packages', 'cli', 'dist', 'main.js');
  }

  get ca(): string {
    return join(this.#folder, 'ca.pem');
  }

  url(party: string): string {
    return `https://127.0.0.1:${this.#ports.get(party)}`;
  }

  /** Certificates, identities, roster, registers. */
  async prepare(): Promise<void> {
    const { SERVERS, LABS } = CoalitionParties;
    await this.#openssl(
      'req',
      '-x509',
      ...EC,
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '9',
      '-subj',
      '/CN=coalition',
    );
    for (const party of ['hub', ...SERVERS]) {
      this.#ports.set(party, await freePort());
      await this.issue(party, 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
    }
    for (const party of [...LABS, ...SERVERS]) {
      const { out } = await this.phalanx(
        'hub',
        'identity',
        'new',
        `${party}.key`,
        '--member',
        party,
        '--unencrypted',
      );
      writeFileSync(join(this.#folder, `${party}.json`), out);
    }
    await this.issue(
      'lab-a-client',
      'subjectAltName=URI:https://coalition.example/lab-a\nextendedKeyUsage=clientAuth\n',
    );
    const named = SERVERS.flatMap((server) => ['--server', `${server}.json=${this.url(server)}`]);
    const { out } = await this.phalanx('hub', 'key-server', 'roster', '--threshold', '2', ...named);
    writeFileSync(join(this.#folder, 'roster.json'), out);
    await this.phalanx('hub', 'hub', 'init');
    const filesOf = (names: readonly string[]) => names.map((name) => `${name}.json`);
    const known = ['--certificate-name', 'https://coalition.example/lab-a'];
    await this.phalanx('hub', 'hub', 'member', 'add', 'lab-a.json', '--role', 'lab', ...known);
    await this.phalanx('hub', 'hub', 'member', 'add', ...filesOf(LABS.slice(1)), '--role', 'lab');
    await this.phalanx('hub', 'hub', 'member', 'add', ...filesOf(SERVERS), '--role', 'key-server');
    for (const server of SERVERS) {
      await this.phalanx(server, 'key-server', 'init');
      await this.phalanx(server, 'key-server', 'member', 'add', ...filesOf(LABS), '--role', 'lab');
    }
  }

  /** Starts a party, and waits until it serves; a key server also until it has a share when `hasShare`. */
  async start(party: string): Promise<void> {
    const log = openSync(join(this.#folder, `${party}.log`), 'w');
    const noun = party === 'hub' ? 'hub' : 'key-server';
    const child = spawn(process.execPath, [this.#main, 'coalition', noun, 'serve'], {
      cwd: this.#folder,
      env: this.#env(party),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#running.set(party, child);
    await this.waitFor(party, '"serving"');
  }

  /** @throws Error when the party does not say it in two minutes */
  async waitFor(party: string, text: string): Promise<void> {
    const untilMs = Date.now() + START_MS;
    while (!this.log(party).includes(text)) {
      if (Date.now() > untilMs)
        throw new Error(`${party} does not say ${text}: ${this.log(party).slice(-400)}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  log(party: string): string {
    return readFileSync(join(this.#folder, `${party}.log`), 'utf8');
  }

  /** As `kill -9` does. */
  async kill(party: string): Promise<void> {
    const child = this.#running.get(party);
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    this.#running.delete(party);
  }

  async close(): Promise<void> {
    for (const party of [...this.#running.keys()]) await this.kill(party);
  }

  /** Runs `phalanx coalition ...` as a party. */
  async phalanx(party: string, ...args: readonly string[]): Promise<Ended> {
    const command = [this.#main, 'coalition', ...args];
    return endOf(run(process.execPath, command, { cwd: this.#folder, env: this.#env(party) }));
  }

  /** A certificate by the authority, `<name>.tls.key` and `<name>.pem`. */
  async issue(name: string, extensions: string): Promise<void> {
    writeFileSync(join(this.#folder, `${name}.ext`), extensions);
    await this.#openssl(
      'req',
      ...EC,
      '-nodes',
      '-keyout',
      `${name}.tls.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    await this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.pem`,
      '-days',
      '9',
      '-extfile',
      `${name}.ext`,
    );
  }

  /** Runs curl in the folder. */
  async curl(...args: readonly string[]): Promise<Ended> {
    return endOf(
      run('curl', ['--silent', '--show-error', '--max-time', '30', ...args], { cwd: this.#folder }),
    );
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    await run('openssl', [...args], { cwd: this.#folder });
  }

  #env(party: string): NodeJS.ProcessEnv {
    const settings: Record<string, string> = {
      HUB: this.#ports.has('hub') ? this.url('hub') : '',
      CA: 'ca.pem',
      ROSTER: 'roster.json',
      IDENTITY: `${party}.key`,
      DATA: `data-${party}`,
      CLIENT_CA: 'ca.pem',
      ...(this.#ports.has(party) && {
        LISTEN: `127.0.0.1:${this.#ports.get(party)}`,
        PUBLIC_URL: this.url(party),
        TLS_KEY: `${party}.tls.key`,
        TLS_CERTIFICATE: `${party}.pem`,
      }),
    };
    const named = Object.entries(settings).map(([name, value]) => [`PHALANX_COALITION_${name}`, value]);
    return { PATH: process.env.PATH, ...Object.fromEntries(named) };
  }
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

async function endOf(running: Promise<{ stdout: string; stderr: string }>): Promise<Ended> {
  try {
    const { stdout, stderr } = await running;
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : -1, out: stdout, err: stderr };
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
