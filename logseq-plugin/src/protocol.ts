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

/** How a chunk ran. */
export interface ChunkRun {
  page: string;
  line: number;
  outcome: string;
  outputs: Record<string, unknown>[];
  error: { name: string; message: string; traceback: string } | null;
}

/** How a job ended. */
export interface JobEnd {
  job: string;
  state: string;
  exitCode: number | null;
  error: string | null;
  sections: SectionEnd[];
}

/** A server-sent event. */
export interface ServerEvent {
  kind: string;
  data: Record<string, unknown>;
}
