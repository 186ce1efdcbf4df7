/** A figure that a page links; lines count from 0. */
export interface Figure {
  readonly title: string;
  readonly link: string;
  readonly line: number;
}

const LINK = /!\[([^\]]*)\]\((?:<([^>]+)>|([^)\s]+))\)/g;
const IMAGE = /^(?![a-z][a-z0-9+.-]*:).*\/tangle\/[^/]+\.(?:svg|png|jpe?g|gif|webp)$/i;

/** Find the figures among the outputs of a page, in their order, each once. */
export function figuresIn(text: string): Figure[] {
  const found = new Map<string, Figure>();
  text.split("\n").forEach((content, line) => {
    for (const [, title = "", pointed, plain] of content.matchAll(LINK)) {
      const link = pointed ?? plain ?? "";
      if (IMAGE.test(link) && !found.has(link)) {
        found.set(link, { title, link, line });
      }
    }
  });
  return [...found.values()];
}

/** Decode the path that a link names; a link that is not encoded properly is taken as it is. */
export function pathOf(link: string): string {
  try {
    return decodeURIComponent(link);
  } catch {
    return link;
  }
}

/** Put the figures at and below a line first, then those above it. */
export function fromLine(figures: readonly Figure[], line: number): Figure[] {
  return [...figures.filter((figure) => figure.line >= line), ...figures.filter((figure) => figure.line < line)];
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);
}

/** Make the page that shows figures: images only, from one source, and no scripts. */
export function figuresPage(figures: readonly { title: string; address: string }[], source: string): string {
  const images = figures.map(
    ({ title, address }) =>
      `<figure><img src="${escaped(address)}" alt="${escaped(title)}"><figcaption>${escaped(title)}</figcaption></figure>`,
  );
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src ${source}; style-src 'unsafe-inline';">
<style>
figure { margin: 1em 0; }
img { max-width: 100%; background: white; }
figcaption { opacity: 0.7; }
</style>
</head>
<body>${images.join("\n")}</body>
</html>
`;
}
