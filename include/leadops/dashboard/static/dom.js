// Elements from JavaScript. Text is always text: nothing here reads HTML.
import { rememberFocus } from "./focus.js";

/**
 * Return a new element. `props` are attributes; `class`, `dataset` and `on*` handlers are known, and an
 * attribute that is false, null or undefined is left out. Children are nodes or texts.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Return a link; an address that is not http(s) or a path becomes plain text, as it may come from outside. */
export function link(address, text, props = {}) {
  const isSafe = /^(https?:\/\/|\/(?!\/)|\?|#)/.test(String(address || ""));
  return isSafe ? h("a", { href: address, ...props }, text) : h("span", {}, text);
}

/** Put `text` into `element` unless it says that already. */
export function setText(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/**
 * Let `container` hold exactly `children`; what is there already stays the same node. Who works by keyboard stays
 * at the control that they used, or at the one that replaces it.
 */
export function place(container, ...children) {
  const wanted = children.flat().filter(Boolean);
  const had = [...container.childNodes];
  if (wanted.length === had.length && wanted.every((child, index) => child === had[index])) return;
  const keepFocus = rememberFocus(container);
  container.replaceChildren(...wanted);
  keepFocus();
}

/**
 * Keep one child of `container` for each item, in order, without touching what stays: `keyOf(item)` says
 * which is which, `make(item)` returns a node, `update(node, item)` writes the item into it.
 */
export function keepList(container, items, { keyOf, make, update }) {
  const known = new Map([...container.children].map((node) => [node.dataset.key, node]));
  const wanted = items.map((item) => {
    const key = String(keyOf(item));
    const node = known.get(key) || make(item);
    node.dataset.key = key;
    update(node, item);
    known.delete(key);
    return node;
  });
  for (const node of known.values()) node.remove();
  wanted.forEach((node, index) => {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] || null);
  });
}
