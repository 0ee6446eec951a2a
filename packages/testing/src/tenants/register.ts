import type { WorldBuilder } from '../world-builder.js';
import { addAcademics } from './academic.js';
import { addClasses } from './class.js';
import { addCuratedLists } from './curated-list.js';
import { addDeclaredAggregators } from './declared-aggregator.js';
import { addDocumentPipelines } from './document-pipeline.js';
import { addEvaluationHarness } from './evaluation-harness.js';
import { addJudgesInCi } from './judge-in-ci.js';
import { addLaunchBursts } from './launch-burst.js';
import { addLicensedDistillations } from './licensed-distillation.js';
import { addNightlyBatch } from './nightly-batch.js';
import { addRedTeams } from './red-team.js';
import { addSupportBots } from './support-bot.js';
import { addTemplatePipelines } from './template-pipeline.js';
import type { TenantKind, TenantPlan } from './tenant-plan.js';
import { addTicketProducts } from './ticket-product.js';

/** The code of each kind of hard honest tenant: a new kind is one file, one name and one line here. */
export const TENANTS: Readonly<Record<TenantKind, (builder: WorldBuilder, plan: TenantPlan) => void>> = {
  'nightly-batch': addNightlyBatch,
  'evaluation-harness': addEvaluationHarness,
  academic: addAcademics,
  'template-pipeline': addTemplatePipelines,
  'support-bot': addSupportBots,
  'red-team': addRedTeams,
  class: addClasses,
  'declared-aggregator': addDeclaredAggregators,
  'launch-burst': addLaunchBursts,
  'judge-in-ci': addJudgesInCi,
  'licensed-distillation': addLicensedDistillations,
  'curated-list': addCuratedLists,
  'ticket-product': addTicketProducts,
  'document-pipeline': addDocumentPipelines,
};
