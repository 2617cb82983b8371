// Links to Airflow's own pages, which leave the frame that these pages are shown in.
import { h } from "./dom.js";

const root = document.documentElement;

/** Return the address of a page of Airflow; each of `parts` is one step of the path. */
export function airflowAddress(...parts) {
  return `${root.dataset.airflow || ""}/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}

/** Return a link to a page of Airflow. */
export function airflowLink(parts, text, props = {}) {
  const address = airflowAddress(...parts);
  return h("a", { href: address, target: "_top", onclick: (event) => leaveFrame(event, address), ...props }, text);
}

// Airflow's frame lets nothing within it replace the page around it; a link of that page itself may.
function leaveFrame(event, address) {
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (window.parent === window || !isPlain) return;
  let outer;
  try {
    outer = window.parent.document;
  } catch {
    return; // a frame of another origin
  }
  event.preventDefault();
  const anchor = outer.createElement("a");
  anchor.href = address;
  anchor.hidden = true;
  outer.body.append(anchor);
  anchor.click();
  anchor.remove();
}
