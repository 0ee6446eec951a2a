import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { describeFailure, ExitCode, exitCodeOf } from './cli-error.js';
import { addCoalitionCommands } from './commands/coalition.js';
import { addLineageCommands } from './commands/lineage.js';
import { addMarkCommands } from './commands/mark.js';
import { addWeightsCommands } from './commands/weights.js';
import type { Terminal } from './terminal.js';

/**
 * Runs the `phalanx` command. Each command's code is loaded when it is called: `--help` needs neither the engine nor a
 * schema library.
 *
 * @param args what follows the program's name
 * @returns the exit code: 0 ok, 1 found something, 2 usage, 3 environment
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = ExitCode.OK;
  const program = buildProgram(terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
    terminal.talk(describeFailure(error, terminal.env.PHALANX_DEBUG === '1'));
    return exitCodeOf(error);
  }
}

function buildProgram(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command('phalanx')
    .description('Finds extraction campaigns in the API traffic of a model.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.talk })
    .showHelpAfterError('(--help lists what there is)')
    .addHelpText('after', '\nExit codes: 0 ok, 1 found something or rows rejected, 2 usage, 3 environment.');

  program
    .command('demo')
    .description('simulate a small provider with a hidden campaign, find it, write the report page')
    .option('--data <dir>', 'where to work; emptied first', undefined)
    .option('--seed <text>', 'another world', 'quickstart')
    .option('--html <file>', 'report page', 'phalanx-report.html')
    .option('--json', 'report for machines on stdout')
    .action(async (flags) => finish(await (await import('./commands/demo.js')).demoCommand(flags, terminal)));

  addInputOptions(
    program.command('detect').argument('[files...]', 'log files; none: what the data directory holds'),
  )
    .description('find campaigns in a data directory or in log files; exit 1 when something was found')
    .option('--alpha <number>', 'expected share of false findings (setting detect.alpha)')
    .option('--backtest <from..to>', 'only this time, with the timeline of when alarms would have come')
    .option('--shadow <file>', 'run a second configuration on the same history and print the differences')
    .option('--html <file>', 'write the report page')
    .action(async (files, flags) =>
      finish(await (await import('./commands/detect.js')).detectCommand(files, flags, terminal)),
    );

  const findings = program.command('findings').description('what detect has kept');
  addKeptOptions(findings.command('list'))
    .description('kept findings, newest first')
    .action(async (flags) =>
      finish(await (await import('./commands/findings.js')).listFindingsCommand(flags, terminal)),
    );
  addKeptOptions(findings.command('show').argument('<id>', 'as `findings list` names it'))
    .description('one kept finding as detect printed it')
    .option('--html <file>', 'write the report page')
    .action(async (id, flags) =>
      finish(await (await import('./commands/findings.js')).showFindingCommand(id, flags, terminal)),
    );

  addInputOptions(program.command('ingest').argument('<files...>', 'log files; - is standard input'))
    .description('read log files into the data directory; exit 1 when rows were rejected')
    .option('--no-text', 'keep sketches only, no prompt or response text')
    .action(async (files, flags) =>
      finish(await (await import('./commands/ingest.js')).ingestCommand(files, flags, terminal)),
    );

  addKeptOptions(
    program
      .command('attribute')
      .argument('<files...>', 'a data set: JSONL, JSON, CSV, Parquet; - is standard input'),
  )
    .description(
      'which responses stand in a data set, and who received them; exit 1 when somebody is named or indicated',
    )
    .option('--field <path>', 'where the text is, as response or messages[-1].content; default: guessed')
    .option(
      '--control <file>',
      'rows of the same kind that are known not to be yours; repeatable',
      collect,
      [],
    )
    .option('--control-field <path>', 'where the text of the control is; default: as --field')
    .option('--published <day>', 'when the data set was out; what was given later is a control')
    .option('--findings <file>', 'report of detect; default: the findings that are kept')
    .option('--alpha <number>', 'family-wise error (0.01)')
    .option('--overlap <share>', 'word triples that unrelated texts may share (0.01)')
    .option('--min-bytes <n>', 'shorter responses do not count (120)')
    .option('--windows <n>', 'scales of stretches that rows are cut into, 0 to 3 (1)')
    .option('--rows <file>', 'write every matching row, one JSON object a line')
    .action(async (files, flags) =>
      finish(await (await import('./commands/attribute.js')).attributeCommand(files, flags, terminal)),
    );

  const benchmark = program.command('benchmark').description('indexes of known benchmark prompts');
  benchmark
    .command('build')
    .argument('<files...>', 'prompts: JSONL, CSV, Parquet; *.txt one a line; - is standard input')
    .description('index the prompts of public benchmarks; exit 1 when rows were rejected')
    .requiredOption('--out <file>', 'index to write')
    .option('--field <name>', 'where the prompt is; default: text, prompt, question or input')
    .option('--json', 'summary for machines on stdout')
    .action(async (files, flags) =>
      finish(await (await import('./commands/benchmark.js')).buildBenchmarkCommand(files, flags, terminal)),
    );
  benchmark
    .command('inspect')
    .argument('<file>')
    .description('size and digest of an index')
    .option('--json', 'for machines on stdout')
    .action(async (file, flags) =>
      finish(await (await import('./commands/benchmark.js')).inspectBenchmarkCommand(file, flags, terminal)),
    );

  const ledger = program.command('ledger').description('transparency logs and proofs from them');
  ledger
    .command('verify')
    .argument('<proof>', 'a .tlog-proof file')
    .description('check offline that a file is an entry of a log; exit 1 when that is not shown')
    .requiredOption('--entry <file>', 'the entry, byte for byte')
    .requiredOption('--policy <file>', 'the logs and witnesses that you trust (tlog-policy)')
    .option('--json', 'for machines on stdout')
    .action(async (proof, flags) =>
      finish(await (await import('./commands/ledger.js')).verifyProofCommand(proof, flags, terminal)),
    );
  ledger
    .command('fsck')
    .argument('<folder>')
    .description('read a whole log on disk and hash it again; exit 1 when it has a fault')
    .option('--key <verifier key>', 'of the log; repeatable', collect, [])
    .option('--json', 'for machines on stdout')
    .action(async (folder, flags) =>
      finish(await (await import('./commands/ledger.js')).checkLogCommand(folder, flags, terminal)),
    );

  const ledgerKey = ledger.command('key').description('keys that logs and statements are signed with');
  ledgerKey
    .command('new')
    .argument('<file>', 'to make')
    .description('a private key in a file encrypted with a passphrase; prints the public key')
    .option('--name <origin>', 'name of the key, the origin of its log; for ed25519')
    .option('--type <type>', 'ed25519 for logs and witnesses, p256 for statements', 'ed25519')
    .option('--passphrase-file <file>', 'its first line; else PHALANX_PASSPHRASE')
    .option('--json', 'for machines on stdout')
    .action(async (file, flags) =>
      finish(await (await import('./commands/ledger-key.js')).newKeyCommand(file, flags, terminal)),
    );
  ledgerKey
    .command('split')
    .argument('<file>', 'with an Ed25519 key')
    .description(
      'split a key into FROST shares, FILE.share-1 and so on, that sign together under the same public key',
    )
    .requiredOption('--threshold <number>', 'shares that sign')
    .requiredOption('--shares <number>', 'shares to make, up to 16')
    .option('--passphrase-file <file>', 'of the key; else PHALANX_PASSPHRASE')
    .option('--share-passphrase-file <file>', 'once a share, in order; default: as the key', collect, [])
    .option('--json', 'for machines on stdout')
    .action(async (file, flags) =>
      finish(await (await import('./commands/ledger-key.js')).splitKeyCommand(file, flags, terminal)),
    );

  ledger
    .command('slots')
    .argument('<folder>', 'keeps the log; `ledger serve FOLDER/log` shows it')
    .description('the outer log that rivals may witness: one leaf a slot, whatever happened')
    .requiredOption('--origin <name>', 'name of the outer log, for good')
    .requiredOption('--key <file>', 'its Ed25519 key')
    .option('--inner <folder>', 'of an inner log, as DATA/ledger/log; repeatable', collect, [])
    .option('--slot <seconds>', 'length of a slot, for good', '1')
    .option('--policy <file>', 'witnesses to ask after each slot (tlog-policy)')
    .option('--json', 'for machines on stdout')
    .action(async (folder, flags) =>
      finish(await (await import('./commands/ledger-slots.js')).slotsCommand(folder, flags, terminal)),
    );
  addKeptOptions(ledger.command('init'))
    .description('begin the log of a data directory; ingestion writes there first from then on')
    .requiredOption(
      '--origin <name>',
      'name of the log, a host name as in node-1.lab.example; never to be used for another',
    )
    .option('--unencrypted', 'keys without a passphrase, for disks that are encrypted')
    .action(async (flags) =>
      finish(await (await import('./commands/ledger-record.js')).initLedgerCommand(flags, terminal)),
    );
  addKeptOptions(ledger.command('state').argument('<file>', 'JSON, as docs/spec/record-leaf.md has it'))
    .description('log a statement: a pre-registration, a decision, the digest of a key of marks, ...')
    .action(async (path, flags) =>
      finish(await (await import('./commands/ledger-record.js')).stateCommand(path, flags, terminal)),
    );
  addKeptOptions(ledger.command('stamp'))
    .description('have the checkpoint stamped by the time stamping authority of the settings')
    .action(async (flags) =>
      finish(await (await import('./commands/ledger-record.js')).stampLedgerCommand(flags, terminal)),
    );
  addKeptOptions(ledger.command('replay'))
    .description('make the telemetry store again from the log')
    .action(async (flags) =>
      finish(await (await import('./commands/ledger-record.js')).replayCommand(flags, terminal)),
    );
  addKeptOptions(ledger.command('erase').argument('<account>', 'id in the logs'))
    .description('destroy the keys of an account; exit 1 when it is under legal hold')
    .requiredOption('--legal-basis <words>', 'why, for the record')
    .requiredOption('--by <name>', 'who is answerable')
    .action(async (account, flags) =>
      finish(await (await import('./commands/ledger-record.js')).eraseCommand(account, flags, terminal)),
    );
  addKeptOptions(ledger.command('hold').argument('<account>', 'id in the logs'))
    .description('keep an account from being erased')
    .requiredOption('--id <name>', 'of the hold')
    .requiredOption('--reason <words>', 'why, for the record')
    .requiredOption('--by <name>', 'who is answerable')
    .option('--release', 'end the hold')
    .action(async (account, flags) =>
      finish(await (await import('./commands/ledger-record.js')).holdCommand(account, flags, terminal)),
    );

  ledger
    .command('serve')
    .argument('<folder>', 'of a log, while another process writes it')
    .description('show a log to readers over HTTP (tlog-tiles); exit 1 when --scrub found a fault')
    .requiredOption('--listen <host:port>', 'port 0: any that is free')
    .option('--scrub', 'read the disk again and again meanwhile')
    .option('--json', 'for machines on stdout')
    .action(async (folder, flags) =>
      finish(await (await import('./commands/ledger-serve.js')).serveLogCommand(folder, flags, terminal)),
    );
  ledger
    .command('witness')
    .argument('<folder>', 'keeps what was cosigned last; never go on without it')
    .description("cosign the checkpoints of other people's logs over HTTP (tlog-witness)")
    .requiredOption('--listen <host:port>', 'port 0: any that is free')
    .requiredOption('--name <name>', 'of the witness, for good')
    .requiredOption('--key <file>', 'its Ed25519 key, which signs nothing else')
    .option('--log <verifier key>', 'a log to witness; repeatable', collect, [])
    .option('--json', 'for machines on stdout')
    .action(async (folder, flags) =>
      finish(await (await import('./commands/ledger-witness.js')).witnessCommand(folder, flags, terminal)),
    );
  ledger
    .command('audit')
    .argument('<url>', 'prefix of a log')
    .description(
      'read what is new in a log over the network and check it; exit 1 when it forked or shows less than it signed',
    )
    .requiredOption('--policy <file>', 'the logs and witnesses that you trust (tlog-policy)')
    .option('--state <file>', 'remembers the checkpoint seen last; without it the whole log is read')
    .option('--json', 'for machines on stdout')
    .action(async (url, flags) =>
      finish(await (await import('./commands/ledger-audit.js')).auditCommand(url, flags, terminal)),
    );

  addCoalitionCommands(program, terminal, finish);
  addLineageCommands(program, terminal, finish);
  addMarkCommands(program, terminal, finish, runCli);
  addWeightsCommands(program, terminal, finish);

  const evidence = program.command('evidence').description('bundles that a stranger can check');
  addKeptOptions(evidence.command('export').argument('<finding>', 'as `findings list` names it'))
    .description('make a bundle about a kept finding')
    .requiredOption('--to <folder>', 'folder to make')
    .requiredOption('--case <id>', 'your number for the case')
    .requiredOption('--organisation <name>', 'who makes it')
    .option('--person <name>', 'who is answerable')
    .option('--role <words>', 'what they are', 'Custodian of records')
    .option('--disclose <level>', 'existence, aggregates, metadata or text', 'existence')
    .option('--names', 'open account ids and client addresses too')
    .option('--recipient <age key>', 'who can read what is encrypted; repeatable', collect, [])
    .option('--sample <n>', 'entries drawn to be proved and opened one by one (64)')
    .option('--seed <text>', 'seed of the draw, as the other side chose it')
    .option('--tsa <url>', 'time stamping authority (setting ledger.tsa)')
    .option('--tsa-certificates <file>', 'its certificates, PEM (setting ledger.tsa_certificates)')
    .option('--policy <file>', 'log and witnesses (setting ledger.policy)')
    .action(async (id, flags) =>
      finish(await (await import('./commands/evidence.js')).exportEvidenceCommand(id, flags, terminal)),
    );
  evidence
    .command('verify')
    .argument('<folder>')
    .description('check a bundle offline; names the first link that breaks, and exits 1')
    .option('--policy <file>', 'the logs and witnesses that you trust (tlog-policy)')
    .option('--statement-key <file>', 'PEM key that you trust to sign statements')
    .option('--tsa-certificates <file>', 'PEM certificates of time stamping authorities that you trust')
    .option('--identity <file>', 'age identity, for what is encrypted for you')
    .option('--json', 'for machines on stdout')
    .action(async (folder, flags) =>
      finish(await (await import('./commands/evidence.js')).verifyEvidenceCommand(folder, flags, terminal)),
    );

  program
    .command('simulate')
    .argument('[scenario]')
    .description('write the traffic of a simulated provider as logs, with account facts and labels')
    .option('--list', 'name the scenarios')
    .option('--out <dir>', 'folder to write')
    .option('--seed <text>', 'same seed, same bytes', '1')
    .option('--prompts <folder>', 'prompt corpora instead of the built-in grammar')
    .option('--timing <file>', 'arrivals of real tenants instead of the built-in clocks')
    .option('--set <key=value>', 'override one setting of the scenario; repeatable', collect, [])
    .option('--gzip', 'compress the traffic')
    .option('--json', 'summary for machines on stdout')
    .action(async (scenario, flags) =>
      finish(await (await import('./commands/simulate.js')).simulateCommand(scenario, flags, terminal)),
    );

  program
    .command('config')
    .description('settings')
    .command('print')
    .description('every key of phalanx.toml with its value, default, meaning and environment variable')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines')
    .action(async (flags) =>
      finish(await (await import('./commands/config.js')).printConfigCommand(flags, terminal)),
    );
  return program;
}

function addInputOptions(command: Command): Command {
  return command
    .option('--format <name>', 'format of the files; default: recognised')
    .option('--mapping <file>', 'TOML or JSON file that maps columns to fields')
    .option('--accounts <file>', 'what you know of your customers, one JSON object a line')
    .option('--data <dir>', 'data directory (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'report for machines on stdout');
}

function addKeptOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout');
}

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(manifest.version);
}
