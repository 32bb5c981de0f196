import { render } from "preact";

const SLOTS = "[data-panel], [data-slot]";

/**
 * slot(name) is the element of `root` with that data-panel. The elements are looked up once: an answer that comes after
 * the page was left is drawn out of sight, instead of failing.
 */
export function slotsOf(root) {
  const found = Object.fromEntries([...root.querySelectorAll("[data-panel]")].map((part) => [part.dataset.panel, part]));
  return (name) => found[name];
}

/**
 * Take away all that was drawn in `root`. What is drawn into a slot is a tree of Preact's own, which ends only when it is
 * told: until then its listeners, observers and elements stay. The innermost go first.
 */
export function clear(root) {
  for (const slot of [...root.querySelectorAll(SLOTS)].reverse()) render(null, slot);
  render(null, root);
}
