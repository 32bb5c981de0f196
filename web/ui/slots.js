/**
 * slot(name) is the element of `root` with that data-panel. The elements are looked up once: an answer that comes after
 * the page was left is drawn where nobody looks, instead of failing.
 */
export function slotsOf(root) {
  const found = Object.fromEntries([...root.querySelectorAll("[data-panel]")].map((part) => [part.dataset.panel, part]));
  return (name) => found[name];
}
