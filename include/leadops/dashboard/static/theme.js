// The theme, light or dark, as Airflow shows it; it follows a change at once.

const root = document.documentElement;
const listeners = new Set();

function follow() {
  const theme = window.leadopsFindTheme();
  if (theme === root.dataset.theme) return;
  root.dataset.theme = theme;
  for (const listener of listeners) listener(theme);
}

/** Call `listener` whenever the theme changes; returns a function that ends that. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return the value of a colour of dashboard.css, such as "series-1". */
export function readColour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
window.addEventListener("storage", follow);
try {
  if (window.parent !== window) {
    const outer = window.parent.document.documentElement;
    new MutationObserver(follow).observe(outer, { attributes: true, attributeFilter: ["class"] });
  }
} catch {
  // a frame of another origin
}
