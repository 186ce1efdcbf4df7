/** The documents of tangle's HTTP interface, as far as the plugin reads them (docs/schemas). */

export interface Problem {
  code: string;
  severity: string;
  path: string;
  line: number;
  message: string;
  hint: string | null;
}

export interface PageBlock {
  id: string | null;
  line: number;
  text: string;
}

export interface PageChunk {
  section: string;
  /** Line of its block. */
  line: number;
  runs: boolean;
}

export interface PageDocument {
  title: string;
  page: string;
  blocks: PageBlock[];
  chunks: PageChunk[];
  problems: Problem[];
}

export interface StateDocument {
  version: string;
  graph: string;
  jobs: { job: string; what: string[]; state: string }[];
}

export interface JobDocument {
  job: string;
  state: string;
  exit_code: number | null;
  error: string | null;
  report: { sections: (SectionEnd & { chunks?: ChunkRun[] })[] } | null;
}

export interface SectionEnd {
  number: string;
  title: string;
  outcome: string;
  reason: string | null;
  seconds: number;
}

/** A piece of output, as in a notebook. */
export interface Output {
  text?: string;
  data?: Record<string, unknown>;
}

export interface ChunkError {
  name: string;
  message: string;
  traceback: string;
  hint: string | null;
  /** Where it happened; null if it was not in the notes. */
  path: string | null;
  line: number | null;
}

/** How a chunk ran. */
export interface ChunkRun {
  page: string;
  line: number;
  outcome: string;
  outputs: Output[];
  error: ChunkError | null;
}

/** Where a chunk is; page and line are null for code that the notes do not hold. */
export interface ChunkPlace {
  job: string;
  section: string;
  page: string | null;
  line: number | null;
}

interface JobFinished {
  job: string;
  state: string;
  exit_code: number | null;
  error: string | null;
  sections: SectionEnd[];
}

/** The data of server-sent events, by their kind. Those with a section are about a chunk. */
interface EventData {
  started: { job: string; what: string[] } | ChunkPlace;
  output: ChunkPlace & { outputs: Output[] };
  finished: JobFinished | (ChunkPlace & { error: ChunkError | null });
  written: { pages: string[] };
  changed: { pages: string[] };
  problems: { problems: Problem[] };
  notice: { message: string };
  reset: Record<string, never>;
}

/** A server-sent event. */
export type ServerEvent = {
  [Kind in keyof EventData]: { kind: Kind; data: EventData[Kind] };
}[keyof EventData];

/** How a job ended. */
export interface JobEnd {
  job: string;
  state: string;
  exitCode: number | null;
  /** Why it was refused. */
  error: string | null;
  /** Of the first chunk that failed. */
  failure: ChunkError | null;
  sections: SectionEnd[];
}
