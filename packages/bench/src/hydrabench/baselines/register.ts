import type { Baseline } from './baseline.js';
import { contentClassifier } from './content-classifier.js';
import { distributionShift } from './distribution-shift.js';
import { evilCohort } from './evil-cohort.js';
import { synchroTrap } from './synchro-trap.js';
import { volumeThreshold } from './volume-threshold.js';

/** Every peer that runs beside our detector: a new one is one file and one line here. */
export const BASELINES: readonly Baseline[] = [
  volumeThreshold,
  contentClassifier,
  distributionShift,
  evilCohort,
  synchroTrap,
];
