// What every page has: words, the language switch, the link to Airflow.
import { h, place } from "./dom.js";
import { chooseLanguage, language, loadWords, say } from "./words.js";
import { showFailed } from "./states.js";
import "./theme.js";

const root = document.documentElement;

function drawTools() {
  const other = language === "ja" ? "en" : "ja";
  const name = other === "ja" ? "日本語" : "English";
  const tools = [
    h("button", { type: "button", class: "quiet", lang: other, onclick: () => chooseLanguage(other) }, name),
  ];
  if (window.parent === window && root.dataset.airflow) {
    tools.push(h("a", { class: "quiet", href: `${root.dataset.airflow}/` }, "Airflow"));
  }
  place(document.getElementById("tools"), tools);
}

/** Whether the reader may see personal data. */
export const seesPeople = root.dataset.people === "yes";

/** Return the address of a page of ours, such as pageAddress("leads/7"). */
export function pageAddress(path = "") {
  return `${root.dataset.root}/${path}`;
}

/**
 * Start a page: load its words (texts/NAME.json), then call `run(main)`, whose fault is shown. `main` is the
 * <main> element; below the heading it is empty.
 */
export async function startPage(name, run) {
  const body = h("div", { class: "page" });
  const main = document.getElementById("main");
  main.append(body);
  try {
    await loadWords(name);
    document.title = `${say("title")} · Lead ops`;
    drawTools();
    await run(body);
  } catch (error) {
    console.error(error);
    showFailed(body, error, () => window.location.reload());
  }
}
