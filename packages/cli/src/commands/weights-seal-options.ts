import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

/** `phalanx weights identity`, `seal`, `open` and `release ...`. What a command does is loaded when it is called. */
export function addSealCommands(
  weights: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const collect = (value: string, earlier: string[]) => [...earlier, value];
  weights
    .command('identity')
    .argument('<file>', 'is made; encrypted with the passphrase of PHALANX_PASSPHRASE')
    .description('a new key that weights can be sealed for: prints its recipient')
    .option('--x25519', 'without post-quantum part, for an age before 1.3')
    .option('--unencrypted', 'for a machine that keeps files secret by itself')
    .option('--json', 'for machines on stdout')
    .action(async (file, flags) =>
      finish(await (await import('./weights-identity.js')).newIdentityCommand(file, flags, terminal)),
    );
  weights
    .command('seal')
    .argument('<path>', 'file or folder')
    .description(
      'encrypts weights for recipients, as age does; or in segments whose keys are handed out at a pace',
    )
    .requiredOption('--out <path>', 'file or folder to write')
    .option('--recipient <key>', 'age1... or age1pq1...; repeatable', collect, [])
    .option('--recipients <file>', 'with one recipient a line; repeatable', collect, [])
    .option(
      '--keys-per-hour <n>',
      'paced: segments that the recipient, a release service, hands out in an hour',
    )
    .option('--segment-mib <n>', 'size of a segment of a paced container', '256')
    .option('--json', 'for machines on stdout')
    .action(async (path, flags) =>
      finish(await (await import('./weights-seal.js')).sealWeightsCommand(path, flags, terminal)),
    );
  weights
    .command('open')
    .argument('<path>', 'file, folder of .age files, or paced container')
    .description(
      'decrypts sealed weights; exit 1 when they were altered, are for others, or not all released yet',
    )
    .requiredOption('--out <path>', 'file or folder to write')
    .requiredOption('--identity <file>', 'of age; mode 0600')
    .option('--keys <folder>', 'with released keys, as weights release fetch writes them')
    .option('--json', 'for machines on stdout')
    .action(async (path, flags) =>
      finish(await (await import('./weights-seal.js')).openWeightsCommand(path, flags, terminal)),
    );
  addReleaseCommands(
    weights
      .command('release')
      .description('keys of paced containers: leases by two people, handed out over time'),
    terminal,
    finish,
  );
}

function addReleaseCommands(release: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  release
    .command('offer')
    .argument('<container>', 'folder, or its manifest.json')
    .description('writes a lease for two people to approve')
    .requiredOption('--recipient <key>', 'of who gets the keys: age1... or age1pq1...')
    .requiredOption('--keys-per-hour <n>', 'at most; the container has a limit of its own')
    .requiredOption('--during <range>', 'FROM..TO in UTC, days or instants')
    .requiredOption('--purpose <words>', 'stands in the log')
    .requiredOption('--out <file>', 'the lease')
    .option('--segments <runs>', 'all, or 0-9,20', 'all')
    .option('--json', 'for machines on stdout')
    .action(async (container, flags) =>
      finish(await (await import('./weights-lease.js')).offerLeaseCommand(container, flags, terminal)),
    );
  release
    .command('approve')
    .argument('<lease>', 'file; a signature is added to it')
    .description('shows what a lease allows, and signs it')
    .requiredOption('--key <file>', 'private key of the approver: Ed25519 or P-256')
    .option('--json', 'for machines on stdout')
    .action(async (lease, flags) =>
      finish(await (await import('./weights-lease.js')).approveLeaseCommand(lease, flags, terminal)),
    );
  release
    .command('approver')
    .argument('<key>', 'file with the private key')
    .description('prints the entry of an approver for the list that serve reads')
    .requiredOption('--name <name>', 'of the person')
    .action(async (key, flags) =>
      finish(await (await import('./weights-lease.js')).showApproverCommand(key, flags, terminal)),
    );
  release
    .command('serve')
    .argument('<containers...>', 'folders, or manifests')
    .description('hands out keys under leases, each logged before it leaves, until SIGINT or SIGTERM')
    .requiredOption('--identity <file>', 'of the service, for whom the containers are sealed')
    .requiredOption('--approvers <file>', 'JSON list of name and publicKey')
    .requiredOption('--by <name>', 'who is answerable for what is logged')
    .requiredOption('--listen <host:port>', 'port 0 is any that is free')
    .option('--data <dir>', 'data directory with the log (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout')
    .action(async (containers, flags) =>
      finish(await (await import('./weights-release.js')).serveReleaseCommand(containers, flags, terminal)),
    );
  release
    .command('fetch')
    .argument('<container>', 'folder, or its manifest.json')
    .description('gets the keys that a lease allows now')
    .requiredOption('--lease <file>', 'with its approvals')
    .requiredOption('--from <url>', 'address of the release service')
    .requiredOption('--identity <file>', "of the lease's recipient; mode 0600")
    .requiredOption('--keys <folder>', 'keeps the keys')
    .option('--wait', 'until all of them came')
    .option('--json', 'for machines on stdout')
    .action(async (container, flags) =>
      finish(await (await import('./weights-release.js')).fetchKeysCommand(container, flags, terminal)),
    );
  release
    .command('withdraw')
    .argument('<lease>', 'file')
    .description('ends a lease; one approver is enough')
    .requiredOption('--key <file>', 'private key of an approver')
    .requiredOption('--reason <words>', 'stands in the log')
    .option('--to <url>', 'address of the release service')
    .option('--out <file>', 'writes the signed withdrawal')
    .option('--json', 'for machines on stdout')
    .action(async (lease, flags) =>
      finish(await (await import('./weights-lease.js')).withdrawLeaseCommand(lease, flags, terminal)),
    );
}
