import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

const collect = (value: string, earlier: string[]): string[] => [...earlier, value];

/** Commands of the parties of a coalition: keys, hub, key servers, private matching. */
export function addPartyCommands(
  coalition: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const identity = coalition.command('identity').description('keys under which a party acts');
  identity
    .command('new')
    .argument('<file>', 'for the keys; a new one')
    .description('makes keys; prints what others must know of them')
    .requiredOption('--member <name>', 'what the party is called at the hub')
    .option('--identity <id>', 'id of its STIX identity; default: a fresh one')
    .option('--unencrypted', 'a file of mode 0600, without a passphrase')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-identity.js')).newIdentityCommand(file, flags, terminal)),
    );
  identity
    .command('show')
    .argument('<file>', 'with the keys')
    .description('what others must know of a party')
    .action(async (file) =>
      finish(await (await import('./coalition-identity.js')).showIdentityCommand(file, terminal)),
    );

  addHub(coalition.command('hub').description('the hub of a coalition'), terminal, finish);
  addKeyServer(
    coalition.command('key-server').description('a holder of a share of the key of private matching'),
    terminal,
    finish,
  );
  addMatch(
    coalition.command('match').description('what several labs have seen, and nothing else'),
    terminal,
    finish,
  );

  coalition
    .command('push')
    .argument('<file>', 'what a release has yielded')
    .description('sends what a release has yielded to a collection of the hub, byte for byte')
    .requiredOption('--root <path>', 'API root')
    .requiredOption('--collection <id>', 'id or alias')
    .requiredOption('--release <id>', 'of which these are the bytes, at most 24 hours old')
    .option('--data <folder>', 'data directory')
    .option('--config <file>', 'settings')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-push.js')).pushCommand(file, flags, terminal)),
    );
}

function addHub(hub: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  hub
    .command('init')
    .description('makes the directory coalition.data with the secrets and the store of a hub')
    .action(async () => finish(await (await import('./coalition-hub.js')).initHubCommand(terminal)));
  hub
    .command('serve')
    .description('the hub, until it is asked to end')
    .action(async () => finish(await (await import('./coalition-hub.js')).serveHubCommand(terminal)));
  addMembers(hub, terminal, finish);
  hub
    .command('root')
    .argument('<path>', 'one segment: small letters, digits and -')
    .description('adds or changes an API root of TAXII')
    .requiredOption('--title <text>')
    .option('--default', 'the one that discovery names as default')
    .option('--open', 'members see it without a collection in it')
    .action(async (path, flags) =>
      finish(await (await import('./coalition-collection.js')).addRootCommand(path, flags, terminal)),
    );
  const collection = hub.command('collection').description('collections of the hub');
  collection
    .command('add')
    .argument('<root>', 'path of the API root')
    .description('adds a collection; prints its id')
    .requiredOption('--title <text>')
    .option('--alias <name>')
    .option('--id <uuid>', 'default: a fresh one')
    .option('--grant <rights>', 'as lab-a=read-write or group:<id>=read; repeatable', collect, [])
    .option('--announced', 'who has no rights sees that it is there')
    .action(async (root, flags) =>
      finish(await (await import('./coalition-collection.js')).addCollectionCommand(root, flags, terminal)),
    );
  collection
    .command('grant')
    .argument('<id>', 'of the collection')
    .argument('<rights...>', 'as lab-a=read, lab-a=none')
    .description('gives rights, or takes them away')
    .action(async (id, rights) =>
      finish(await (await import('./coalition-collection.js')).grantCollectionCommand(id, rights, terminal)),
    );
  hub
    .command('group')
    .description('adds a group, whose members write under pseudonyms; prints its id')
    .requiredOption('--name <text>', 'for its members')
    .option('--hidden', 'the hub alone knows who is behind a pseudonym')
    .option('--days <n>', 'after which pseudonyms change', '30')
    .option('--member <name>', 'repeatable', collect, [])
    .action(async (flags) =>
      finish(await (await import('./coalition-collection.js')).addGroupCommand(flags, terminal)),
    );
  hub
    .command('import')
    .argument('<file>', "in the form of medallion's data")
    .description('takes over roots, collections, objects and statuses')
    .requiredOption('--member <name>', 'who gets the rights that the file names')
    .option('--import-dates', 'objects keep the time at which they were added there')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-import.js')).importHubCommand(file, flags, terminal)),
    );
}

/** The register of a hub, or of a key server: each has its own. */
function addMembers(party: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const member = party.command('member').description('who is known here');
  member
    .command('add')
    .argument('<files...>', 'what identity new has printed')
    .description('admits members; prints their key ids, and passwords if they have some')
    .requiredOption(
      '--role <role>',
      'lab, key-server, regulator, operator, peer-hub; repeatable',
      collect,
      [],
    )
    .option('--clearance <level>', 'most closed level of TLP that it may read', 'green')
    .option('--certificate <file>', 'PEM of the certificate that it shows')
    .option('--certificate-name <uri>', 'that certificates of the authority carry for it')
    .option('--password', 'draws one, for clients that know nothing better')
    .action(async (files, flags) =>
      finish(await (await import('./coalition-member.js')).addMemberCommand(files, flags, terminal)),
    );
  for (const name of ['suspend', 'reinstate'] as const)
    member
      .command(name)
      .argument('<member>')
      .description(name === 'suspend' ? 'from now on it may do nothing' : 'it may again')
      .action(async (id) =>
        finish(
          await (await import('./coalition-member.js')).suspendMemberCommand(
            id,
            name === 'suspend',
            terminal,
          ),
        ),
      );
  member
    .command('list')
    .description('all of them, a line of JSON each')
    .action(async () => finish(await (await import('./coalition-member.js')).listMembersCommand(terminal)));
}

function addKeyServer(server: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  server
    .command('init')
    .description('makes the directory coalition.data with the store of a key server')
    .action(async () =>
      finish(await (await import('./coalition-key-server.js')).initKeyServerCommand(terminal)),
    );
  addMembers(server, terminal, finish);
  server
    .command('roster')
    .description('the file that all parties agree on; its digest on standard error')
    .requiredOption('--threshold <q>', 'servers that must take part; more than half')
    .requiredOption('--server <file=url>', 'public file and URL of each, in order; repeatable', collect, [])
    .action(async (flags) =>
      finish(await (await import('./coalition-key-server.js')).makeRosterCommand(flags, terminal)),
    );
  server
    .command('digest')
    .argument('<file>', 'roster')
    .description('the digest of a roster, to compare')
    .action(async (file) =>
      finish(await (await import('./coalition-key-server.js')).digestRosterCommand(file, terminal)),
    );
  server
    .command('serve')
    .description('makes keys with the others and evaluates for labs, until it is asked to end')
    .action(async () =>
      finish(await (await import('./coalition-key-server.js')).serveKeyServerCommand(terminal)),
    );
}

function addMatch(match: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  match
    .command('submit')
    .argument('<file>', 'values as JSON lines with class, value, day and count')
    .description('levels 1 and 2: gives what this lab has seen, as tokens and sealed')
    .action(async (file) =>
      finish(await (await import('./coalition-match.js')).submitMatchCommand(file, terminal)),
    );
  match
    .command('reveal')
    .description('level 2: of what this lab has given, what enough others have too')
    .action(async () => finish(await (await import('./coalition-match.js')).revealMatchCommand(terminal)));
  match
    .command('lookup')
    .argument('<class>', 'ip, email, payment-bin, device, prompt-hash')
    .argument('<value>')
    .description('level 1: whether enough labs have seen a value')
    .action(async (name, value) =>
      finish(await (await import('./coalition-match.js')).lookupMatchCommand(name, value, terminal)),
    );
  match
    .command('permit')
    .argument('<lab>', 'the other')
    .description('level 0: permits runs with another lab, as counsel has stated')
    .requiredOption('--statement <file>', 'what counsel has signed')
    .option('--days <n>', 'at most 90', '30')
    .action(async (lab, flags) =>
      finish(await (await import('./coalition-overlap.js')).permitOverlapCommand(lab, flags, terminal)),
    );
  match
    .command('overlap')
    .argument('<file>', 'values, as for submit')
    .description('level 0: how many values two labs have in common; both run it')
    .requiredOption('--run <hex>', '64 digits that both agreed on')
    .requiredOption('--peer <file>', "the other's public file")
    .option('--timeout <seconds>', 'for the other to come', '600')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-overlap.js')).overlapCommand(file, flags, terminal)),
    );
}
