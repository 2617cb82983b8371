// Asks the server for JSON; whatever goes wrong is one kind of error.

const root = document.documentElement.dataset.root;

/** Why there is no answer: `status` of HTTP (0: no answer at all), and `detail`, what to change. */
export class AnswerError extends Error {
  constructor(status, detail) {
    super(detail || `HTTP ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

/** Return the address of a path below the pages, such as "api/now", with `params` that have a value. */
export function addressOf(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `${root}/${path}${text ? `?${text}` : ""}`;
}

/** Return the answer of GET `path` (such as "api/now"); throws AnswerError. `signal` can give it up. */
export async function fetchJson(path, params = {}, { signal, seconds = 20 } = {}) {
  const limit = AbortSignal.timeout(seconds * 1000);
  let response;
  try {
    response = await fetch(addressOf(path, params), {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal && signal.aborted) throw error;
    throw new AnswerError(0, "");
  }
  let body = null;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  if (!response.ok || body === null) {
    throw new AnswerError(response.ok ? 502 : response.status, body ? body.detail : "");
  }
  return body;
}
