// What a part of a page shows while there is nothing to show: loading, empty, failed, stale.
import { h, place } from "./dom.js";
import { rememberFocus } from "./focus.js";
import { say } from "./words.js";
import { formatSpan } from "./format.js";

/** Show that something is on its way; `lines` is how much room it will take. */
export function showLoading(container, lines = 3) {
  const bars = Array.from({ length: lines }, () => h("span", { class: "skeleton" }));
  place(container, h("div", { class: "state loading", role: "status" }, h("span", { class: "hidden" }, say("state.loading")), bars));
}

/** Show that there is nothing, and what would bring something. */
export function showEmpty(container, title, hint = "") {
  place(container, h("div", { class: "state empty" }, h("strong", {}, title), hint ? h("p", {}, hint) : null));
}

/** Show why there is nothing, what to do, and a button that tries again. */
export function showFailed(container, error, retry) {
  const [title, hint] = describeError(error);
  const button = retry ? h("button", { type: "button", class: "button", onclick: retry }, say("state.retry")) : null;
  place(container, h("div", { class: "state failed", role: "alert" }, h("strong", {}, title), hint ? h("p", {}, hint) : null, button));
}

/** Return a title and what to do about an AnswerError. */
export function describeError(error) {
  const status = error ? error.status : undefined;
  if (status === 0) return [say("state.unreachable"), say("state.unreachable.hint")];
  if (status === 401) return [say("state.logged_out"), say("state.logged_out.hint")];
  if (status === 403) return [say("state.forbidden"), say("state.forbidden.hint")];
  if (status === 404) return [say("state.not_found"), error.detail || ""];
  if (status === 422) return [say("state.refused"), error.detail || ""];
  if (status === undefined) console.error(error);
  return [say("state.failed"), (error && error.detail) || ""];
}

/**
 * Load something into `container`: show that it loads, then `draw(answer)` or why not. `isEmpty(answer)`
 * and `empty` ([title, hint]) say when there is nothing. Returns the answer, or undefined.
 */
export async function present(container, { load, draw, isEmpty = () => false, empty = ["", ""], lines = 3 }) {
  const keepFocus = rememberFocus(container, { orContainer: true });
  if (!container.hasChildNodes()) showLoading(container, lines);
  container.setAttribute("aria-busy", "true");
  try {
    const answer = await load();
    if (isEmpty(answer)) showEmpty(container, ...empty);
    else await draw(answer);
    return answer;
  } catch (error) {
    if (error && error.name === "AbortError") return undefined;
    showFailed(container, error, () => present(container, { load, draw, isEmpty, empty, lines }));
    return undefined;
  } finally {
    container.removeAttribute("aria-busy");
    keepFocus();
  }
}

/** Say in `line` how old the numbers are, and that newer ones do not come. */
export function showStale(line, seconds, error) {
  const [title] = describeError(error);
  line.hidden = false;
  place(line, h("strong", {}, title), ` ${say("state.stale", { age: formatSpan(seconds) })}`);
}
