// Draws the diagrams of a page; it is loaded only where there are some.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const { theme } = document.documentElement.dataset;
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "default",
    fontFamily: getComputedStyle(document.body).fontFamily,
  });
  // A diagram that cannot be read keeps its source, which says more than an error would.
  for (const block of document.querySelectorAll("pre.mermaid")) {
    const source = block.textContent;
    mermaid.run({ nodes: [block], suppressErrors: true }).then(() => {
      if (!block.querySelector("svg[role]:not([aria-roledescription='error'])")) {
        block.textContent = source;
      }
    });
  }
});
