// Chooses theme and language before the first paint, so that nothing flickers; theme.js and words.js follow later.
(function () {
  "use strict";
  const root = document.documentElement;

  function read(name) {
    try {
      return window.localStorage.getItem(name) || "";
    } catch {
      return ""; // a browser that keeps nothing
    }
  }

  function findTheme() {
    try {
      const outer = window.parent.document.documentElement;
      if (window.parent !== window) {
        if (outer.classList.contains("dark")) return "dark";
        if (outer.classList.contains("light")) return "light";
      }
    } catch {
      // a frame of another origin
    }
    const chosen = read("theme");
    if (chosen === "dark" || chosen === "light") return chosen;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function findLanguage() {
    const asked = new URLSearchParams(window.location.search).get("lang");
    const wanted = [asked, read("leadops.language"), read("i18nextLng"), ...(navigator.languages || [])];
    for (const name of wanted) {
      const short = String(name || "").slice(0, 2).toLowerCase();
      if (short === "en" || short === "ja") return short;
    }
    return "en";
  }

  root.dataset.theme = findTheme();
  root.lang = findLanguage();
  window.leadopsFindTheme = findTheme;
})();
