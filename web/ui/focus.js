const FOCUSABLE = ":is(a[href], button, input, select, textarea, summary, [tabindex='0']):not(:disabled)";

/**
 * What is removed while it has the focus (Unpin, Discard, ×) hands it to its nearest neighbour, so that the keyboard goes on from
 * there instead of from the top; where there is none, to `main`. A page that takes the place of another begins at its top.
 */
export function keepFocus(main, view) {
  let holder = null;
  addEventListener("focusin", ({ target }) => (holder = target));
  addEventListener("focusout", ({ target }) => setTimeout(() => { // let go, but not removed
    if (target === holder && target.isConnected && document.activeElement !== target) holder = null;
  }));
  new MutationObserver((records) => {
    if (!holder || holder.isConnected) return;
    const gone = records.find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(holder)));
    holder = null;
    if (gone && !records.some(({ target }) => target === view) && document.activeElement === document.body) (neighbour(gone, main) ?? main).focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}

/** What stands after the place where something was removed, else before it, as near as possible. */
function neighbour({ target, nextSibling, previousSibling }, main) {
  for (let [place, after, before] = [target, nextSibling, previousSibling]; place && place !== main; [place, after, before] = [place.parentElement, place.nextSibling, place.previousSibling]) {
    for (let node = after; node; node = node.nextSibling) if (usable(node).length) return usable(node)[0];
    for (let node = before; node; node = node.previousSibling) if (usable(node).length) return usable(node).at(-1);
  }
  return null;
}

const usable = (node) => (node.nodeType === 1 ? [node, ...node.querySelectorAll(FOCUSABLE)].filter((each) => each.matches(FOCUSABLE) && each.checkVisibility()) : []);
