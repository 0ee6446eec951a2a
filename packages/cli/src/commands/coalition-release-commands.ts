import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

const collect = (value: string, earlier: string[]): string[] => [...earlier, value];

/** Commands of what leaves: drafts, approvals, releases, receipts. */
export function addReleaseCommands(
  coalition: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  coalition
    .command('describe')
    .argument('<finding>', 'id of a kept finding, or a file of objects')
    .description('a draft of a release: minimised, marked, signed as this lab; nothing leaves')
    .requiredOption('--to <identity>', 'id of the STIX identity of a recipient; repeatable', collect, [])
    .requiredOption('--out <file>', 'for the draft')
    .option('--tlp <level>', 'most open level at which others may pass it on', 'amber')
    .option(
      '--fingerprint <text>',
      'algorithm:parameters:digest of a prompt template; repeatable',
      collect,
      [],
    )
    .option('--range <block>', '/24 of IPv4 or /48 of IPv6 at the narrowest; repeatable', collect, [])
    .option('--valid-days <n>', 'after which the indicators end', '90')
    .option('--retain-days <n>', 'after which recipients delete', '180')
    .option('--min-labs <n>', 'labs that must have seen it before it leaves', '1')
    .option('--data <folder>', 'data directory')
    .option('--config <file>', 'settings')
    .option('--json', 'for machines on stdout')
    .action(async (finding, flags) =>
      finish(await (await import('./coalition-describe.js')).describeCommand(finding, flags, terminal)),
    );
  coalition
    .command('approve')
    .argument('<file>', 'draft; or a legal basis, standing approval or revocation to be signed')
    .description('one signature of one person, over exact bytes')
    .requiredOption('--key <file>', 'Ed25519 key: PEM of mode 0600, or encrypted as age does')
    .requiredOption('--kid <name>', 'of the key in the register of persons')
    .requiredOption('--out <file>', 'for the signed document')
    .option('--role <role>', 'releaser or counsel; for a draft')
    .option('--clear <code>', 'what counsel has read and lets go; repeatable', collect, [])
    .option('--hours <n>', 'for which an approval of a draft counts', '24')
    .option('--config <file>', 'settings')
    .option('--json', 'for machines on stdout')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-approve.js')).approveCommand(file, flags, terminal)),
    );
  coalition
    .command('person')
    .argument('<key>', 'private key of the person')
    .description('entry of a person for people.json of the office')
    .requiredOption('--id <name>', 'of the person')
    .requiredOption('--kid <name>', 'of the key')
    .requiredOption('--role <role>', 'releaser, counsel, detection, ...; repeatable', collect, [])
    .action(async (key, flags) =>
      finish(await (await import('./coalition-approve.js')).personCommand(key, flags, terminal)),
    );
  coalition
    .command('customers')
    .argument('<file>', "names of the lab's own customers, one a line")
    .description('keyed hashes of the names into the office; the names stay where they are')
    .option('--config <file>', 'settings')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-approve.js')).customersCommand(file, flags, terminal)),
    );
  coalition
    .command('release')
    .argument('<draft>')
    .description('whether a draft may leave, and why not')
    .option('--out <file>', 'for the exact bytes to send; the receipt is logged first')
    .option('--labs <n>', 'labs that reported it by private matching, this one among them', '1')
    .option('--reported <block=n>', 'a block that n labs reported; repeatable', collect, [])
    .option('--data <folder>', 'data directory')
    .option('--config <file>', 'settings')
    .option('--json', 'for machines on stdout')
    .action(async (draft, flags) =>
      finish(await (await import('./coalition-release.js')).releaseCommand(draft, flags, terminal)),
    );
  coalition
    .command('receipts')
    .description("a regulator's view of what left, from the log alone; never an indicator")
    .option('--html <file>', 'as a page')
    .option('--erase', 'first deletes what is over, and logs it')
    .option('--data <folder>', 'data directory')
    .option('--config <file>', 'settings')
    .option('--json', 'for machines on stdout')
    .action(async (flags) =>
      finish(await (await import('./coalition-receipts.js')).receiptsCommand(flags, terminal)),
    );
}
