// Runs before the first paint, so that a scheme chosen by hand does not flash.
"use strict";
try {
  const scheme = localStorage.getItem("tangle-theme");
  if (scheme === "light" || scheme === "dark") document.documentElement.dataset.theme = scheme;
} catch {
  // No storage here, as with some browsers on file://: the system decides.
}
if (window.parent !== window) document.documentElement.classList.add("previewed");
