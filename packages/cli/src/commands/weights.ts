import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import { addSealCommands } from './weights-seal-options.js';
import { addTracingCommands } from './weights-tracing.js';

/** `phalanx weights ...`. What a command does is loaded when it is called. */
export function addWeightsCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const weights = program.command('weights').description('files of weights: what they are and whose');
  weights
    .command('inspect')
    .argument('<path or url>', 'file, folder or index; an address must answer ranges')
    .description(
      'what a file of weights holds, without executing any of it; exit 1 when it is not to be loaded',
    )
    .option('--tensors', 'name every tensor')
    .option('--json', 'for machines on stdout')
    .action(async (location, flags) =>
      finish(await (await import('./weights-inspect.js')).inspectWeightsCommand(location, flags, terminal)),
    );
  weights
    .command('lineage')
    .argument('<left>', 'file, folder, index or address: the model that may be the parent')
    .argument('<right>', 'the model in question')
    .description(
      'whether two models share their random start, and how many units still match: exact bound, search under disguise; exit 1 when so',
    )
    .option('--sample <units>', 'units that are read of each layer and matrix', '256')
    .option(
      '--disguise <when>',
      'search under another order, scale and basis, which reads whole layers: needed, always or never',
      'needed',
    )
    .option('--stranger <files...>', 'models known to be unrelated, as controls of that search')
    .option(
      '--networks <when>',
      'seek layers and experts under other numbers, and narrower ones: needed, always or never',
      'needed',
    )
    .option('--json', 'for machines on stdout')
    .action(async (left, right, flags) =>
      finish(
        await (await import('./weights-lineage.js')).compareLineageCommand([left, right], flags, terminal),
      ),
    );
  const sketch = weights
    .command('sketch')
    .description(
      'let two labs compare models without exchanging weights: about 15 MB for a layer of 28,672 neurons',
    );
  sketch
    .command('make')
    .argument('<model>', 'file, folder, index or address')
    .description(
      'what the neurons of one layer do to some tokens; the second lab gives the sketch of the first',
    )
    .requiredOption('--out <file>', 'file to make')
    .option('--like <sketch>', 'take its tokens, and its layer unless --layer is given')
    .option('--layer <number>', 'default: the middle one')
    .option('--vocabulary <tokens>', 'how many tokens both models have; default: all of this one')
    .option('--json', 'for machines on stdout')
    .action(async (model, flags) =>
      finish(await (await import('./weights-sketch.js')).makeSketchCommand(model, flags, terminal)),
    );
  sketch
    .command('compare')
    .argument('<left>', 'sketch')
    .argument('<right>', 'sketch under the same tokens')
    .description(
      'how many neurons are found again under another order, scale and basis; exit 1 when they are',
    )
    .option('--control <sketches...>', 'of another layer or of a stranger, under the same tokens')
    .option('--json', 'for machines on stdout')
    .action(async (left, right, flags) =>
      finish(
        await (await import('./weights-sketch.js')).compareSketchesCommand([left, right], flags, terminal),
      ),
    );
  addSealCommands(weights, terminal, finish);
  addTracingCommands(weights, terminal, finish);
  weights
    .command('sign')
    .argument('<path>', 'folder or file of a model')
    .description(
      'sign a model as OpenSSF Model Signing does: model.sig, which model_signing and `weights verify` read',
    )
    .requiredOption('--key <file>', 'private key on P-256, P-384 or P-521, PEM, readable by its owner alone')
    .option('--certificate <file>', 'certificate of the key')
    .option('--chain <files...>', 'certificates that issued it, from the issuer upwards')
    .option('--signature <file>', 'where to write; default model.sig in the folder, or FILE.sig')
    .option('--hash <name>', 'sha256, blake2b or blake3', 'sha256')
    .option('--shards [bytes]', 'hash files in ranges, of 1,000,000,000 bytes unless said')
    .option('--ignore <paths...>', 'paths in the model that are no part of it, with all below')
    .option('--allow-symlinks', 'read links to files where they lead')
    .option(
      '--chunks',
      'also sign a tree over chunks of 1 MiB, so that a part can be verified: model.chunks and its signature',
    )
    .option(
      '--derived-from <parents...>',
      'model.sig of a parent, or its root digest: signs a statement about descent beside',
    )
    .option('--relation <how>', 'how it was made of its parents', 'fine-tune')
    .option('--bom <file>', 'write a CycloneDX 1.6 bill of materials')
    .option('--json', 'for machines on stdout')
    .action(async (location, flags) =>
      finish(await (await import('./weights-sign.js')).signWeightsCommand(location, flags, terminal)),
    );
  addTrustOptions(
    weights
      .command('verify')
      .argument('<path>', 'folder or file of a model')
      .description('whether a model is, file by file, what somebody signed; exit 1 when it is not')
      .option('--signature <file>', 'default model.sig in the folder, or FILE.sig')
      .option('--ignore <paths...>', 'paths in the model that are no part of it, with all below')
      .option('--allow-symlinks', 'read links to files where they lead')
      .option('--allow-unlisted', 'pass over files that were not signed'),
  ).action(async (location, flags) =>
    finish(await (await import('./weights-verify.js')).verifyWeightsCommand(location, flags, terminal)),
  );
  const statement = weights.command('statement').description('signed statements about a signed model');
  statement
    .command('sign')
    .argument('<model>', 'model.sig of the model, or its root digest')
    .description('that a copy went to somebody, or that the model is no longer to be used')
    .requiredOption('--key <file>', 'private key on P-256, P-384 or P-521, PEM, readable by its owner alone')
    .requiredOption('--out <file>', 'file to write')
    .option('--delivered-to <name>', 'who received it; a recipient who signs this gives a receipt')
    .option('--copy <id>', 'which copy: the digest that `weights mark` prints')
    .option('--commitment <digest>', 'commitment to the marks of the copy')
    .option('--withdrawn <reason>', 'why it is no longer to be used')
    .option('--replacement <digest>', 'root digest of what takes its place')
    .option('--certificate <file>', 'certificate of the key')
    .option('--chain <files...>', 'certificates that issued it, from the issuer upwards')
    .option('--json', 'for machines on stdout')
    .action(async (model, flags) =>
      finish(await (await import('./weights-statement.js')).signStatementCommand(model, flags, terminal)),
    );
  addTrustOptions(
    statement
      .command('verify')
      .argument('<file>', 'statement')
      .description(
        'what a statement about a model says, and who signed it; exit 1 when not by whom is trusted',
      ),
  ).action(async (file, flags) =>
    finish(await (await import('./weights-statement.js')).verifyStatementCommand(file, flags, terminal)),
  );
}

function addTrustOptions(command: Command): Command {
  return command
    .option('--public-key <file>', 'PEM of the key that must have signed')
    .option(
      '--certificate-chain <files...>',
      'root certificates, one of which must have certified the signer',
    )
    .option('--identity <name>', 'signed by way of Sigstore: name in the certificate')
    .option('--issuer <url>', 'who vouched for that name')
    .option('--trusted-root <file>', 'trusted_root.json of that Sigstore')
    .option('--json', 'for machines on stdout');
}
