import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

const collect = (value: string, earlier: string[]): string[] => [...earlier, value];

/** Commands of what comes in from others, and of one's word about it. */
export function addTrustCommands(
  coalition: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  addQuarantine(
    coalition.command('quarantine').description('what came in from others; nothing of it acts'),
    terminal,
    finish,
  );

  withOutput(
    coalition
      .command('opinion')
      .argument('<indicator>')
      .argument('<word>', 'strongly-disagree, disagree or agree'),
  )
    .description('a signed opinion of an indicator, to be released')
    .action(async (id, word, flags) =>
      finish(await (await import('./coalition-word.js')).opinionCommand(id, word, flags, terminal)),
    );
  withOutput(coalition.command('sighting').argument('<indicator>'))
    .description(
      'a signed sighting out of the last replay, to be released; exit 1 when there is nothing to tell',
    )
    .action(async (id, flags) =>
      finish(await (await import('./coalition-word.js')).sightingCommand(id, flags, terminal)),
    );
  withOutput(
    coalition.command('retract').argument('<file>', 'with the last versions of what this party made'),
  )
    .description('the revoked, signed versions, to be sent to the hub at once')
    .action(async (file, flags) =>
      finish(await (await import('./coalition-word.js')).retractCommand(file, flags, terminal)),
    );

  const appeal = coalition
    .command('appeal')
    .description('objections of customers, by numbers that name nobody');
  withOutput(appeal.command('open').argument('<indicators...>'))
    .description('a case number, and signed objections to be released')
    .action(async (ids, flags) =>
      finish(await (await import('./coalition-word.js')).openAppealCommand(ids, flags, terminal)),
    );
  withOutput(appeal.command('answer').argument('<case>').argument('<answer>', 'kept or withdrawn'))
    .description("this lab's signed answer, for itself alone")
    .action(async (caseId, answer, flags) =>
      finish(
        await (await import('./coalition-word.js')).answerAppealCommand(caseId, answer, flags, terminal),
      ),
    );
  withData(appeal.command('list'))
    .description('cases and answers; exit 1 when one is overdue')
    .action(async (flags) =>
      finish(await (await import('./coalition-word.js')).listAppealsCommand(flags, terminal)),
    );
}

function addQuarantine(quarantine: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withMembers(quarantine.command('take').argument('<files...>', 'bundles, as `coalition pull` writes them'))
    .description('takes what other labs have signed into quarantine; exit 1 when something was not taken')
    .action(async (files, flags) =>
      finish(await (await import('./coalition-quarantine.js')).takeCommand(files, flags, terminal)),
    );
  withMembers(quarantine.command('follow'))
    .description(
      'what makers have taken back, from the hub; to be run once a minute; exit 1 when one is not proved',
    )
    .action(async (flags) =>
      finish(await (await import('./coalition-quarantine.js')).followCommand(flags, terminal)),
    );
  withData(quarantine.command('list'))
    .description('what is held, oldest first')
    .option('--state <state>', 'only these')
    .action(async (flags) =>
      finish(await (await import('./coalition-quarantine.js')).listHeldCommand(flags, terminal)),
    );
  withData(quarantine.command('show').argument('<indicator>'))
    .description('one indicator: its last replay condition by condition, and every change')
    .action(async (id, flags) =>
      finish(await (await import('./coalition-quarantine.js')).showHeldCommand(id, flags, terminal)),
    );
  withData(quarantine.command('replay'))
    .description('looks for all of it in 30 days of own telemetry; exit 1 when something may be enforced')
    .option('--good <file>', 'accounts that you vouch for, one a line')
    .option('--sketch-key <file>', "32 bytes, the coalition's; without, no prompt fingerprint is looked for")
    .option('--warnings <file>', 'list in the format of MISP; repeatable', collect, [])
    .option('--labs <number>', 'labs that must have seen a trace (3)')
    .option('--budget <share>', 'of honest tenants that a trace may hit (0.005)')
    .option('--sightings <file>', 'writes signed sightings of everything, to be released')
    .option('--tlp <level>', 'marking of the sightings', 'amber')
    .action(async (flags) =>
      finish(await (await import('./coalition-quarantine.js')).replayCommand(flags, terminal)),
    );
  withData(
    quarantine.command('decide').argument('<indicator>').argument('<choice>', 'enforce, ignore or reopen'),
  )
    .description('what a person decides; to enforce takes the state enforceable')
    .requiredOption('--by <name>', 'who decides')
    .action(async (id, choice, flags) =>
      finish(await (await import('./coalition-quarantine.js')).decideCommand(id, choice, flags, terminal)),
    );
  withData(quarantine.command('override').argument('<indicator>'))
    .description("counsel's signed word that the number of labs does not matter; every other condition stays")
    .requiredOption('--counsel <name>', 'who signs')
    .requiredOption('--key <file>', 'Ed25519 key of counsel, PEM')
    .requiredOption('--reason <reason>', 'imminent-release, court-order or own-victim')
    .option('--days <number>', 'how long it holds, at most 14', '7')
    .action(async (id, flags) =>
      finish(await (await import('./coalition-quarantine.js')).overrideCommand(id, flags, terminal)),
    );
  withData(quarantine.command('plant'))
    .description('indicators of what nobody can have seen: who claims to see one is barred here')
    .requiredOption('--sketch-key <file>', "32 bytes, the coalition's")
    .requiredOption('--out <file>', 'bundle to release')
    .option('--count <number>', 'how many', '20')
    .option('--tlp <level>', 'marking', 'amber')
    .action(async (flags) =>
      finish(await (await import('./coalition-quarantine.js')).plantCommand(flags, terminal)),
    );
}

function withData(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout');
}

function withMembers(command: Command): Command {
  return withData(command)
    .option(
      '--member <file>',
      "file of a member's public keys, as identity prints it; repeatable",
      collect,
      [],
    )
    .option(
      '--alias <identity=member>',
      'another identity that a member writes under; repeatable',
      collect,
      [],
    );
}

function withOutput(command: Command): Command {
  return withData(command)
    .option('--out <file>', 'bundle to write; default: standard output')
    .option('--tlp <level>', 'marking', 'amber');
}
