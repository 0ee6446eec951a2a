import { runCli } from './program.js';
import { openTerminal } from './terminal.js';

// A closed pipe (`phalanx ... | head`) is not a failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await runCli(process.argv.slice(2), openTerminal());
