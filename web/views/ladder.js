import { html } from "preact";

/** Links to the rungs below and above. */
export default function Ladder({ page }) {
  const rungs = page.pages.filter(({ entry }) => entry === page.meta.entry);
  const at = rungs.findIndex(({ name }) => name === page.meta.name);
  const [below, above] = [rungs[at - 1], rungs[at + 1]];
  return html`<p class="row rung-links">
    ${below && html`<a href=${page.linkTo(below)} data-test="rung-down">Down to ${below.title}</a>`}
    ${above && html`<a href=${page.linkTo(above)} data-test="rung-up">Up to ${above.title}</a>`}
  </p>`;
}
