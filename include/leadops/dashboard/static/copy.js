// A command to type in a shell, ready to be copied.
import { h, setText } from "./dom.js";
import { say } from "./words.js";

async function copyText(text, code) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https, or where a frame may not write the clipboard: select it, and ask the old way.
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
}

/** Return a command with a button that copies it. */
export function showCommand(command) {
  const code = h("code", {}, command);
  const button = h("button", { type: "button", class: "quiet copy", "aria-label": say("copy.label", { command }) }, say("copy"));
  let timer = 0;
  button.addEventListener("click", async () => {
    const isCopied = await copyText(command, code);
    setText(button, isCopied ? say("copy.done") : say("copy.selected"));
    window.clearTimeout(timer);
    timer = window.setTimeout(() => setText(button, say("copy")), 2000);
  });
  return h("span", { class: "command" }, code, button);
}
