// leadops.js tells the gateway what a visitor does, once the visitor agreed. How to use it: docs/tracking.md.
(() => {
  "use strict";
  const tag = document.currentScript;
  if (!tag || window.leadops) return;
  const settings = tag.dataset;
  const endpoint = settings.endpoint || new URL("collect", tag.src).href;

  const DAY = 86400; // seconds
  const LIFETIME = (Number(settings.days) || 395) * DAY; // of the id and of the consent; never prolonged
  const VISIT = 30 * 60e3; // ms without an event, then a visit is over and its campaign forgotten
  const MOST_KEPT = 200; // events; the oldest are dropped
  const KEPT_FOR = 3 * DAY * 1e3; // ms; older ones the gateway would not believe
  const BATCH = 50; // events a call
  const BATCH_CHARS = 15000; // a call; in UTF-8 less than the 64 KiB that a beacon may hold
  const PATIENCE = 20e3; // ms for an answer

  // Everything lies under this prefix, an event under a key of its own: tabs share the queue and no tab
  // overwrites what another has added. Where storage is blocked, the queue lives as long as the page.
  const PREFIX = "leadops.";
  const QUEUE = PREFIX + "q.";
  let store = {};
  try {
    store = window.localStorage || store;
  } catch {}

  const save = (key, text) => {
    try {
      store[key] = text;
      return true;
    } catch {
      return false; // full
    }
  };
  const read = (key) => JSON.parse(store[key] || "{}");
  const cut = (text) => Array.from(String(text)).slice(0, 200).join("");
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  const unique = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");

  // --- Consent: the cookie with the id is there if, and only if, the visitor agreed; all tabs look at it.

  const cookie = () => document.cookie.match(/(?:^|; )leadops_id=(\w+)/)?.[1];
  const id = () => (cookie()?.length === 32 ? cookie() : undefined);

  function setCookie(name, value, seconds) {
    const domain = settings.domain ? `; Domain=${settings.domain}` : "";
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Max-Age=${seconds}; Path=/; SameSite=Lax${domain}${secure}`;
  }

  function renew() {
    setCookie("leadops_id", unique(), LIFETIME);
    setCookie("leadops_known", "", 0);
    delete store[PREFIX + "visit"];
    delete store[PREFIX + "person"];
  }

  function clear() {
    clearTimeout(timer);
    timer = undefined;
    sending?.abort();
    setCookie("leadops_known", "", 0);
    for (const key of Object.keys(store)) if (key.startsWith(PREFIX)) delete store[key];
  }

  function consent(given) {
    if (!given) {
      clear();
      // Where consent is presumed, the refusal has to be remembered.
      if (settings.consent === "granted") setCookie("leadops_id", "no", LIFETIME);
      else if (id()) setCookie("leadops_id", "", 0);
    } else if (!id()) {
      renew();
      if (id()) begin();
    }
  }

  // --- The queue: an event leaves it when the gateway has answered for it, and only then.

  let timer, sending;
  let failures = 0;
  let most = BATCH;

  const queued = () => Object.keys(store).filter((key) => key.startsWith(QUEUE)).sort();
  const forget = (keys) => keys.forEach((key) => delete store[key]);
  const soon = (seconds) => (timer ??= setTimeout(flush, seconds * 1e3));

  function nextBatch() {
    const batch = new Map();
    let length = 0;
    for (const key of queued()) {
      const text = store[key];
      if (!text) continue; // another tab was faster
      if (parseInt(key.slice(QUEUE.length), 36) < Date.now() - KEPT_FOR) {
        delete store[key];
        continue;
      }
      length += text.length;
      if (batch.size === most || (batch.size && length > BATCH_CHARS)) break;
      batch.set(key, text);
    }
    return { keys: [...batch.keys()], body: `[${[...batch.values()].join()}]` };
  }

  async function flush() {
    clearTimeout(timer);
    timer = undefined;
    if (sending) return;
    if (!id()) return clear(); // another tab withdrew the consent
    const { keys, body } = nextBatch();
    if (!keys.length) return;
    const call = (sending = new AbortController());
    const limit = setTimeout(() => call.abort(), PATIENCE);
    let answer;
    try {
      answer = await fetch(endpoint, { method: "POST", body, credentials: "omit", signal: call.signal });
    } catch {} // nobody knows what became of them: they go again, and count once
    clearTimeout(limit);
    sending = undefined;
    let wait = 0;
    if (answer?.status === 202) {
      forget(keys);
      failures = 0;
      most = BATCH;
    } else if ([400, 413, 415, 422].includes(answer?.status)) {
      if (keys.length === 1) forget(keys); // this one will never be taken
      most = Math.ceil(keys.length / 2);
    } else {
      wait = Math.min(60, 2 ** failures++) * (0.5 + Math.random() / 2);
      wait = Math.max(wait, Math.min(300, Number(answer?.headers.get("Retry-After")) || 0));
    }
    clearTimeout(timer); // an event told meanwhile is no reason to come sooner
    timer = undefined;
    if (queued().length) soon(wait);
  }

  // A page that goes away cannot wait for an answer: what is left stays in the queue as well.
  function sendBeacon() {
    const { keys, body } = nextBatch();
    if (id() && keys.length) navigator.sendBeacon(endpoint, body);
  }

  // Whether a hand was at work: a pointer, a key, a touch or the wheel, on a page that was visible. Of that only yes or no
  // is sent. Scrolling by a script is none, so wheel and not scroll. Under a page that appears a pointer "moves", too: it
  // counts from its second place on.
  let moved = false;
  let pointer;
  function onHand({ isTrusted, type, screenX, screenY }) {
    const from = pointer;
    if (type === "pointermove") pointer = `${screenX},${screenY}`;
    if (type === "pointermove" && (from === undefined || from === pointer)) return;
    moved ||= isTrusted && document.visibilityState === "visible";
  }

  // A page that a hand led to is still the same visit.
  function byPerson() {
    if (moved) save(PREFIX + "person", String(Date.now() + VISIT));
    return Number(store[PREFIX + "person"]) > Date.now();
  }

  function track(event, properties = {}, who = {}) {
    const anonymous_id = id();
    if (!anonymous_id) return undefined;
    const event_id = unique();
    const context = { page: location.pathname, site: location.host, consent: true, person: byPerson() };
    const { utm, until } = read(PREFIX + "visit");
    if (utm && until > Date.now()) {
      context.utm = utm;
      save(PREFIX + "visit", JSON.stringify({ utm, until: Date.now() + VISIT }));
    }
    const ts = new Date().toISOString();
    const text = JSON.stringify({ event_id, event, ts, anonymous_id, ...who, properties, context });
    forget(queued().slice(0, 1 - MOST_KEPT));
    if (!save(`${QUEUE}${Date.now().toString(36)}.${event_id}`, text)) navigator.sendBeacon(endpoint, text);
    soon(0);
    return event_id;
  }

  // --- Who it is.

  // Enough to notice that somebody else signed in, too little to tell who. Kept where the id is, so that sites that share
  // the id share it.
  const mark = (text) => Array.from(text).reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) | 0, 7);
  const known = () => (document.cookie.match(/(?:^|; )leadops_known=([\d.-]*)/)?.[1] || "").split(".");

  // The signature of the site's server proves that the visitor is who the page says.
  function identify({ user_id, email, ...traits } = {}, { signature } = {}) {
    const who = {};
    if (user_id) who.user_id = String(user_id);
    if (email) who.email = String(email).trim().toLowerCase();
    if (!id() || !Object.keys(who).length) return undefined;
    const marks = [who.user_id, who.email].map((text) => (text ? String(mark(text)) : ""));
    let [user, address] = known();
    // Two people on one computer stay two: user ids decide where both are known, else only the same address is the same
    // person.
    if ((user || address) && (user && marks[0] ? user !== marks[0] : !address || address !== marks[1])) {
      renew();
      user = address = "";
    }
    setCookie("leadops_known", `${marks[0] || user}.${marks[1] || address || ""}`, LIFETIME);
    return track("identify", traits, signature ? { ...who, signature: String(signature) } : who);
  }

  // --- What happens on the page.

  function search(query, more) {
    const named = (settings.products || "").split(",").map((name) => name.trim().toLowerCase());
    const product = named.find((name) => name && String(query).toLowerCase().includes(name));
    return track("search", { query: cut(query), ...(product && { product }), ...more });
  }

  function page(properties) {
    if (!id()) return undefined;
    const query = new URLSearchParams(location.search);
    const utm = {};
    for (const name of ["source", "medium", "campaign", "term", "content"]) {
      if (query.get("utm_" + name)) utm[name] = cut(query.get("utm_" + name));
    }
    const before = read(PREFIX + "visit");
    const landed = Object.keys(utm).length && JSON.stringify(utm) !== JSON.stringify(before.utm);
    if (landed) save(PREFIX + "visit", JSON.stringify({ utm, until: Date.now() + VISIT }));
    const from = document.referrer && new URL(document.referrer);
    const referrer = from && from.host !== location.host && { referrer: from.origin + from.pathname };
    const event_id = track("page_view", { ...referrer, ...properties });
    if (landed && utm.term) search(utm.term, { engine: utm.source });
    const asked = (settings.search || "").split(" ").find((name) => name && query.get(name));
    if (asked) search(query.get(asked));
    return event_id;
  }

  function begin() {
    if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
    else page();
  }

  function onClick({ button, target }) {
    if (button > 1 || !target.closest) return; // the right button opens a menu, not the page
    const marked = target.closest("[data-leadops]");
    const link = target.closest("a[href]");
    const path = link?.host === location.host ? link.pathname : "";
    const leadsTo = (starts = "") => starts.split(" ").some((start) => start && path.startsWith(start));
    if (marked) {
      const own = [...marked.attributes].filter(({ name }) => name.startsWith("data-leadops-"));
      const properties = own.map(({ name, value }) => [name.slice(13).replaceAll("-", "_"), value]);
      track(marked.dataset.leadops, Object.fromEntries(properties));
    } else if (leadsTo(settings.pricing)) track("view_pricing", { link: path });
    else if (leadsTo(settings.documents)) track("request_document", { document: path });
  }

  // Seconds really played count, not those skipped; each step once a page.
  const told = {};
  function onPlay({ target: { played, duration, dataset } }) {
    const { leadopsVideo: video, leadopsWebinar: webinar } = dataset || {};
    if (!video && !webinar) return;
    let seconds = 0;
    for (let i = 0; i < played.length; i++) seconds += played.end(i) - played.start(i);
    const minutes = Math.floor(seconds / 60);
    const step = video
      ? Math.floor((100 * seconds) / duration / 25 + 0.1) * 25 // the last frames may be missing
      : minutes < 5 ? Math.min(minutes, 1) : minutes - (minutes % 5);
    const name = video ? "v." + video : "w." + webinar;
    if (!(step > (told[name] || 0)) || !id()) return;
    told[name] = step;
    if (video) track("video_progress", { video, percent: step });
    else track("webinar_attend", { webinar, minutes: step });
  }

  for (const kind of ["click", "auxclick"]) document.addEventListener(kind, onClick, true);
  for (const kind of ["pointermove", "pointerdown", "touchstart", "keydown", "wheel"]) {
    addEventListener(kind, onHand, { capture: true, passive: true });
  }
  for (const kind of ["timeupdate", "ended"]) document.addEventListener(kind, onPlay, true);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && sendBeacon());
  addEventListener("pageshow", ({ persisted }) => persisted && page());
  addEventListener("online", flush);

  window.leadops = Object.freeze({
    consent,
    id,
    identify,
    reset: () => id() && renew(),
    page,
    search,
    pricing: (properties) => track("view_pricing", properties),
    document: (name) => track("request_document", { document: name }),
    video: (name, percent) => track("video_progress", { video: name, percent }),
    webinar: (name, minutes) => track("webinar_attend", { webinar: name, minutes }),
    track: (event, properties) => track(event, properties),
  });

  if (id()) begin();
  else {
    clear(); // the id has expired, and with it what belonged to it
    if (settings.consent === "granted" && !navigator.globalPrivacyControl && !cookie()) consent(true);
  }
})();
