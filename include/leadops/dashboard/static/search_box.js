// The box that searches for leads, on the list and above each lead.
import { h, place } from "./dom.js";
import { addressOf } from "./fetch_json.js";

/** Draw the box into `container`; `words` are {label, hint, button}. Without `search`, it opens the list. */
export function drawSearchBox(container, { words, value = "", search = null }) {
  const input = h("input", {
    type: "search", id: "lead-search", name: "q", value, maxlength: "200", autocomplete: "off", spellcheck: "false",
    "aria-describedby": words.hint ? "lead-search-hint" : null,
  });
  const submit = (event) => {
    event.preventDefault();
    if (search) search(input.value.trim());
    else window.location.assign(addressOf("leads", { q: input.value.trim() }));
  };
  place(container, h("form", { class: "controls search", role: "search", onsubmit: submit },
    h("div", { class: "field grow" }, h("label", { for: "lead-search" }, words.label), input,
      words.hint ? h("p", { class: "muted small", id: "lead-search-hint" }, words.hint) : null),
    h("button", { type: "submit", class: "button primary" }, words.button)));
  return input;
}
