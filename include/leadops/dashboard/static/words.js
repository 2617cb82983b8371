// The words of a page in the reader's language.

const root = document.documentElement;
export const language = root.lang === "ja" ? "ja" : "en";
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);
const words = new Map();

/** Load the words of these pages (texts/NAME.json), and those of the shell. */
export async function loadWords(...names) {
  const texts = await Promise.all(["shell", ...names].map(read));
  for (const text of texts) {
    for (const [key, value] of Object.entries(text[language])) words.set(key, value);
  }
}

async function read(name) {
  const response = await fetch(`${root.dataset.files}/texts/${name}.json`, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`no words: ${name}`);
  return response.json();
}

/**
 * Return the words of `key` with `{name}` replaced from `params`; numbers are written in the language.
 * Where `params.count` is given and the key has a `.one` or `.other`, that form is taken.
 */
export function say(key, params = {}) {
  let text = words.get(key);
  if (params.count !== undefined) {
    text = words.get(`${key}.${plural.select(params.count)}`) ?? words.get(`${key}.other`) ?? text;
  }
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined || value === null) return whole;
    return typeof value === "number" ? number.format(value) : String(value);
  });
}

/** Whether there are words for `key`. */
export function hasWords(key) {
  return words.has(key);
}

/** Show the pages in another language from now on. */
export function chooseLanguage(name) {
  try {
    window.localStorage.setItem("leadops.language", name);
  } catch {
    // a browser that keeps nothing: the address says it
  }
  const address = new URL(window.location.href);
  address.searchParams.delete("lang");
  let kept = "";
  try {
    kept = window.localStorage.getItem("leadops.language");
  } catch {
    kept = "";
  }
  if (kept !== name) address.searchParams.set("lang", name);
  if (address.href === window.location.href) window.location.reload();
  else window.location.assign(address);
}
