import type { StixObject } from './stix-object.js';

/** A technique or mitigation of MITRE ATLAS as its STIX release names it. */
export interface AtlasEntry {
  /** For example `AML.T0024.002`. */
  readonly externalId: string;
  /** Id of the `attack-pattern` or `course-of-action` in the release: objects refer to it and do not copy it. */
  readonly id: string;
  readonly name: string;
  /** Phases of the kill chain `mitre-atlas`; none for a mitigation. */
  readonly phases: readonly string[];
}

function entry(externalId: string, id: string, name: string, ...phases: string[]): AtlasEntry {
  return { externalId: `AML.${externalId}`, id, name, phases };
}

/** The techniques of model theft: a closed list (ATLAS 5.6; suite `stix` checks each against the release). */
export const ATLAS_TECHNIQUES: readonly AtlasEntry[] = [
  entry(
    'T0005.001',
    'attack-pattern--298dc6c6-5683-5475-b724-2a2a3db3a7dc',
    'Train Proxy via Replication',
    'ai-attack-staging',
  ),
  entry(
    'T0008.005',
    'attack-pattern--647ac4ac-b2bc-53f7-ab83-81f421a1f0b5',
    'AI Service Proxies',
    'resource-development',
  ),
  entry(
    'T0012',
    'attack-pattern--ed66b442-059b-54cb-a806-620e6f8109a6',
    'Valid Accounts',
    'initial-access',
    'privilege-escalation',
  ),
  entry(
    'T0021',
    'attack-pattern--d3d7763a-58e1-5e38-84fd-3abea967cb08',
    'Establish Accounts',
    'resource-development',
  ),
  entry(
    'T0024',
    'attack-pattern--85fed2c6-e2df-595e-88bf-f356a17cec21',
    'Exfiltration via AI Inference API',
    'exfiltration',
  ),
  entry(
    'T0024.002',
    'attack-pattern--3f567912-629a-5e0b-ab0c-0102977c2d6c',
    'Extract AI Model',
    'exfiltration',
  ),
  entry(
    'T0025',
    'attack-pattern--f13dede7-12ee-5f0e-985a-4f801aecb681',
    'Exfiltration via Cyber Means',
    'exfiltration',
  ),
  entry('T0034.000', 'attack-pattern--4929e22c-64a1-59cf-a25e-543f88840889', 'Excessive Queries', 'impact'),
  entry(
    'T0035',
    'attack-pattern--801658f2-81cd-5935-93c7-5e6e2d80e669',
    'AI Artifact Collection',
    'collection',
  ),
  entry(
    'T0040',
    'attack-pattern--5ac1f849-523e-51bf-a1e9-1a97ab91cc91',
    'AI Model Inference API Access',
    'ai-model-access',
  ),
  entry(
    'T0044',
    'attack-pattern--5e652b34-b92f-5b43-afca-36f9cbf9d7c1',
    'Full AI Model Access',
    'ai-model-access',
  ),
  entry(
    'T0047',
    'attack-pattern--a18245d0-2fb1-5f72-a069-5c176a0a11df',
    'AI-Enabled Product or Service',
    'ai-model-access',
  ),
  entry(
    'T0048.004',
    'attack-pattern--73772ced-edba-578c-bacd-703e082a9c57',
    'AI Intellectual Property Theft',
    'impact',
  ),
  entry(
    'T0055',
    'attack-pattern--1b2fb3ca-e233-5cf5-8103-2b1fa37524eb',
    'Unsecured Credentials',
    'credential-access',
  ),
  entry(
    'T0056',
    'attack-pattern--b8b16dac-3b95-59f7-8bf7-60e39b0c062f',
    'Extract LLM System Prompt',
    'exfiltration',
  ),
  entry(
    'T0065',
    'attack-pattern--6e148299-0460-5d0b-9741-467437464d3d',
    'LLM Prompt Crafting',
    'resource-development',
  ),
];

/** The only actions that one lab may name to another: technical ones, each decided by every lab alone. */
export const ATLAS_MITIGATIONS: readonly AtlasEntry[] = [
  entry('M0002', 'course-of-action--8aaa7934-9c52-56f0-a48d-1f5258e4288b', 'Passive AI Output Obfuscation'),
  entry(
    'M0004',
    'course-of-action--1b15d839-8893-5005-aba7-62c3cc8b48ac',
    'Restrict Number of AI Model Queries',
  ),
  entry(
    'M0019',
    'course-of-action--9ae01d8c-c75b-5d11-944f-16edbb7d754f',
    'Control Access to AI Models and Data in Production',
  ),
  entry('M0024', 'course-of-action--1f45c127-eb18-5e17-a136-28ceef04edec', 'AI Telemetry Logging'),
];

/** The technique of an id such as `AML.T0024.002`; null for one that is not of model theft. */
export function findTechnique(externalId: string): AtlasEntry | null {
  return ATLAS_TECHNIQUES.find((technique) => technique.externalId === externalId) ?? null;
}

/** `kill_chain_phases` of an object about some techniques. */
export function listPhases(techniques: readonly AtlasEntry[]): StixObject['kill_chain_phases'] {
  const phases = new Set(techniques.flatMap((technique) => technique.phases));
  return [...phases].sort().map((phase) => ({ kill_chain_name: 'mitre-atlas', phase_name: phase }));
}
