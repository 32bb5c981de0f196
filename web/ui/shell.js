import { html, render } from "preact";
import { megabytes } from "./format.js";
import { sentences } from "./trouble.js";

/** The title and summary of a page, while its view loads; the view draws them again and then the rest. */
export function drawLead(root, { title, summary }) {
  render(html`<article><header class="lead"><h1>${title}</h1><p>${summary}</p></header></article>`, root);
}

/**
 * The rail of entries, each a link to the page of it that was seen last, and the tabs: the pages of the entry at hand.
 * Below the page is the one to go on to; what is in no entry stands at the foot. visit: what is remembered from page to page; meta: the page that is there.
 */
export function drawWays({ rail, tabs, next, foot }, pages, visit, meta) {
  const here = (is) => (is ? "page" : undefined);
  const link = (to, words, is) => html`<li key=${words}><a href=${visit.link(to)} title=${to.summary} aria-current=${here(is)}>${words}</a></li>`;
  const inside = (name) => pages.filter(({ entry }) => entry === name);
  const entries = [...new Set(pages.map(({ entry }) => entry))].filter(Boolean);
  const siblings = meta.entry ? inside(meta.entry) : [];
  render(html`<ul>${entries.map((name) => link(visit.last(inside(name)), name, name === meta.entry))}</ul>`, rail);
  render(siblings.length > 1 && html`<nav class="tabs" aria-label=${meta.entry} data-test="tabs">
    <ul>${siblings.map((page) => link(page, page.tab, page === meta))}</ul>
    ${meta.shared && html`<p class="doc">${meta.shared}</p>`}
  </nav>`, tabs);
  const [after, title, why] = meta.next;
  const to = pages.find(({ name }) => name === after);
  render(to && html`<p class="next" data-test="next-page">Next: <a href=${visit.link(to)}>${title}</a>. ${why}</p>`, next);
  render(inside("").map((page) => html`<a href=${visit.link(page)} aria-current=${here(page === meta)}>${page.title}</a>`), foot);
}

/**
 * One line of truth, and the way to the log. boot: {label, loaded, total} while Python starts; runtime: versions once it
 * runs; trouble: it does not; proof: {ok, passed, total, fingerprint} after the Check page ran in this session, before that null.
 */
export function drawStatus(root, { boot, offline, runtime, trouble, proof, checkable, openLog }) {
  render(html`${trouble ? html`<p class="status-line bad" role="status" data-test="status">Python is not running</p>`
    : runtime ? html`<${Running} runtime=${runtime} offline=${offline} proof=${proof} checkable=${checkable} />` : html`<${Progress} ...${boot} />`}
    <button type="button" class="quiet" data-test="log" onClick=${openLog}>Log</button>`, root);
}

function Running({ runtime: { python, numpy, engine, kernels }, offline, proof, checkable }) {
  return html`<p class="status-line" role="status" data-test="status">
    <span>Python ${python}</span><span>NumPy ${numpy}</span><span>${kernels}</span><span>${engine}</span><span>ready</span>
    ${offline && html`<span class="offline">${offline}</span>`}
    ${checkable && html`<span><${Parity} proof=${proof} /></span>`}
  </p>`;
}

function Parity({ proof }) {
  const link = (words, colour) => html`<a href="#check" class=${colour} data-test="parity">${words}</a>`;
  if (!proof) return link("Verify against CPython", "");
  return proof.ok ? link(`matches CPython, ${proof.fingerprint}`, "good") : link(`${proof.total - proof.passed} of ${proof.total} checks fail`, "bad");
}

function Progress({ label = "Starting", loaded = 0, total = 0 }) {
  const amount = total ? `${megabytes(loaded)} of ${megabytes(total)} MB` : "";
  const value = total ? Math.min(loaded, total) : undefined;
  return html`<div class="progress" data-test="progress">
    <span class="progress-label">${label}</span><span class="number">${amount}</span>
    <progress max=${total || 1} value=${value} aria-label=${`${label} ${amount}`}></progress>
  </div>`;
}

/** What stopped Python or the page, and the way back. troubles: [{message, hint, retry, still: what works all the same}]; one press retries all, which mostly have one cause. */
export function drawTroubles(root, troubles, openLog) {
  render(troubles.map(({ message, hint, still }) => html`<section class="banner banner-trouble" role="alert" data-test="error">
    <p><strong>${message}</strong></p>
    ${hint && html`<p>${hint}</p>`} ${still && html`<p>${still}</p>`}
    <p class="row">
      <button type="button" class="primary" data-test="retry" onClick=${() => troubles.forEach(({ retry }) => retry())}>Retry</button>
      <button type="button" class="quiet" onClick=${openLog}>Open the log</button>
    </p>
  </section>`), root);
}

/** Sentences about the page as a whole (a link's value was clamped, a file was loaded), until they are put away; `retry`: of a page that could not be opened. */
export function drawNotes(root, notes, trouble, dismiss, retry) {
  const lines = [...notes, ...(trouble ? [sentences(trouble)] : [])];
  render(lines.length > 0 && html`<section class=${`banner ${trouble ? "banner-trouble" : ""}`} role="status" aria-label="Notes" data-test="notes">
      <div class="lines">${lines.map((line) => html`<p>${line}</p>`)}</div>
      ${trouble && retry && html`<button type="button" class="primary" data-test="open-again" onClick=${retry}>Retry</button>`}
      <button type="button" class="quiet dismiss" aria-label="Dismiss these notes" onClick=${dismiss}>×</button>
    </section>`, root);
  const box = root.querySelector(".lines");
  if (box) box.tabIndex = box.scrollHeight > box.clientHeight ? 0 : -1; // what does not fit is read by wheel, finger and arrow keys
}
