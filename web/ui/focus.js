const FOCUSABLE = ":is(a[href], button, input, select, textarea, summary, [tabindex='0']):not(:disabled)";

/**
 * What is removed while it has the focus (Unpin, ×) hands it to its nearest neighbour, else to `main`. A button that its own press
 * disables (Run, Reset) has it again when it is enabled. A page that takes the place of another begins at its top.
 */
export function keepFocus(main, view) {
  let holder = null;
  addEventListener("focusin", ({ target }) => (holder = target));
  addEventListener("focusout", ({ target }) => target.disabled || setTimeout(() => { // let go, but neither disabled nor removed
    if (target === holder && target.isConnected && document.activeElement !== target) holder = null;
  }));
  new MutationObserver((records) => {
    const lost = holder && document.activeElement === document.body; // which it is as well while Tab goes from one to the next
    if (holder?.isConnected) return void (lost && records.some(({ target, type }) => target === holder && type === "attributes") && holder.focus({ preventScroll: true }));
    const gone = records.find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(holder)));
    holder = null;
    if (lost && gone && !records.some(({ target }) => target === view)) (neighbour(gone, main) ?? main).focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });
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
