/**
 * Find a line again after a run has written outputs around it.
 *
 * @returns the line with the same text that is as many such lines from the top, or else the old number.
 */
export function lineAfter(before: readonly string[], after: readonly string[], line: number): number {
  const text = before[line];
  let left = before.slice(0, line).filter((other) => other === text).length;
  const found = after.findIndex((other) => other === text && left-- === 0);
  return found >= 0 ? found : Math.min(line, after.length - 1);
}
