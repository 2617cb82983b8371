// Repeats a reading while somebody looks at the page.

/**
 * Call `load` now and `seconds` after each end, and `draw` with its answer; `fail` with an error. It rests
 * while the page is hidden and reads at once when it is shown again. Returns a function that reads now.
 */
export function keepRenewed({ seconds, load, draw, fail }) {
  let timer = 0;
  let running = false;

  async function renew() {
    window.clearTimeout(timer);
    if (running) return;
    running = true;
    try {
      draw(await load());
    } catch (error) {
      fail(error);
    } finally {
      running = false;
      if (!document.hidden) timer = window.setTimeout(renew, seconds * 1000);
    }
  }

  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    if (!document.hidden) renew();
  });
  renew();
  return renew;
}
