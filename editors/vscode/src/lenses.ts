/** A lens as far as it matters here; lines count from 0. */
export interface Lens {
  readonly line: number;
  readonly title: string;
  readonly what: readonly string[];
}

export type Title = "Run" | "Run above" | "Run section";

/** What to say where there is no lens with a title. */
export const NOTHING: Readonly<Record<Title, string>> = {
  Run: "no block with code begins at the cursor or above it",
  "Run above": "there is no block with code above the one at the cursor",
  "Run section": "no section with code begins at the cursor or above it",
};

function hasTitle(lens: Lens, title: Title): boolean {
  // "Run section 3.6" is a "Run section".
  return lens.title === title || (title === "Run section" && lens.title.startsWith(`${title} `));
}

function last(lenses: readonly Lens[], title: Title, line: number): Lens | undefined {
  return lenses
    .filter((lens) => hasTitle(lens, title) && lens.line <= line)
    .reduce<Lens | undefined>((best, lens) => (best && best.line > lens.line ? best : lens), undefined);
}

/** Choose the lens with a title that belongs to the block at a line. */
export function lensAt(lenses: readonly Lens[], title: Title, line: number): Lens | undefined {
  if (title !== "Run above") {
    return last(lenses, title, line);
  }
  const above = last(lenses, title, line);
  return above?.line === last(lenses, "Run", line)?.line ? above : undefined;
}

/** Return what runs all sections of a page. */
export function sectionsOf(lenses: readonly Lens[]): string[] {
  return lenses.filter((lens) => hasTitle(lens, "Run section")).flatMap((lens) => lens.what);
}
