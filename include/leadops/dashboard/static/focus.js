// Keeps who works by keyboard where they are while a part of a page is drawn again.

//: Where the focus was brought last: a later drawing of a larger part may know a better place.
let broughtTo = null;

function nameOf(node) {
  return node.id || node.getAttribute("aria-label") || node.getAttribute("href") || node.textContent;
}

function listAlike(container, tag, name) {
  return [...container.querySelectorAll(tag)].filter((node) => nameOf(node) === name && !node.disabled && !node.hidden);
}

/** Return how to find a node again: the one of those that look alike. */
function describe(container, node) {
  const [tag, name] = [node.tagName, nameOf(node)];
  return { node, tag, name, index: listAlike(container, tag, name).indexOf(node) };
}

function findAgain(container, { node, tag, name, index }) {
  if (container.contains(node) && !node.hidden) return node;
  const alike = listAlike(container, tag, name);
  return alike[index] || alike[0];
}

/**
 * Remember which control within `container` has the focus. The function that is returned brings the focus back,
 * once the container is drawn again: to the control, to the one that replaces it, or to the nearest part around
 * it that takes the focus. With `orContainer`, to the container itself where nothing else is left. Whoever went
 * elsewhere in the meantime stays there.
 */
export function rememberFocus(container, { orContainer = false } = {}) {
  const used = document.activeElement;
  if (!used || used === container || !container.contains(used)) return () => {};
  const places = [];
  for (let node = used; node !== container; node = node.parentElement) {
    if (node === used || node.tabIndex >= 0) places.push(describe(container, node));
  }
  return () => {
    const now = document.activeElement;
    if (now && now !== document.body && now !== broughtTo) return;
    let found = places.map((one) => findAgain(container, one)).find(Boolean);
    if (!found && orContainer && container.isConnected) {
      container.tabIndex = -1;
      found = container;
    }
    if (!found || found === now) return;
    found.focus({ preventScroll: true });
    broughtTo = found;
  };
}

/** Do `work` once at a time for a button, which keeps the focus; if the button goes, `next` gets it. */
export async function whileBusy(button, work, next = null) {
  if (button.getAttribute("aria-disabled") === "true") return;
  const isUsed = document.activeElement === button;
  button.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-disabled");
    const now = document.activeElement;
    if (isUsed && button.hidden && next && (now === button || now === document.body)) {
      next.tabIndex = next.tabIndex >= 0 ? 0 : -1;
      next.focus({ preventScroll: true });
    }
  }
}
