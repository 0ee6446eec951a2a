import { clientFingerprint } from './client-fingerprint.js';
import { componentEvenness } from './component-evenness.js';
import { coverageGrowth } from './coverage-growth.js';
import { evenMixture } from './even-mixture.js';
import { nearRepeatDeficit } from './near-repeat-deficit.js';
import { parameterSignature } from './parameter-signature.js';
import { randomisedIntervention } from './randomised-intervention.js';
import { regrowth } from './regrowth.js';
import { releasePivot } from './release-pivot.js';
import { sharedIdentity } from './shared-identity.js';
import { signUpCohort } from './sign-up-cohort.js';
import type { Signal } from './signal.js';
import { synchronisedSessions } from './synchronised-sessions.js';
import { templateSharing } from './template-sharing.js';
import { trainingIntent } from './training-intent.js';
import { turnTaking } from './turn-taking.js';

/** Every signal, in the order in which a report shows them. */
export const signals: readonly Signal[] = [
  evenMixture,
  componentEvenness,
  turnTaking,
  nearRepeatDeficit,
  trainingIntent,
  sharedIdentity,
  clientFingerprint,
  parameterSignature,
  signUpCohort,
  synchronisedSessions,
  templateSharing,
  coverageGrowth,
  releasePivot,
  regrowth,
  randomisedIntervention,
];
