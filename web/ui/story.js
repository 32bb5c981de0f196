import { html, render } from "preact";
import { load, text } from "../modules.js";
import { written } from "./format.js";
import { Trouble } from "./trouble.js";

const HOW = "How it works"; // the part that every story has
const RECIPE = /\{\{recipes\.([\w-]+)\./g;

/**
 * Show the story of a page, pyapp/pages/<page>.md: each of its parts, the headings of the first level, in its element of `places`.
 * It needs no Python and comes after the first paint; the source that it names, and numbers of the frame, come with Python.
 * A part's chapters have words and formulas at the left, the Python that runs at the right. -> stop
 */
export function tell(page, places) {
  const { name, story: told } = page.meta;
  const facts = { markdown: null, glossary: page.meta.glossary, Code: null, live: false, parts: {}, recipes: {}, sources: null, frame: null };
  let there = true;
  if (!told) return () => {};

  async function read(again = false) {
    try {
      const [words, markdown, { Code }] = await Promise.all([
        text(`app/pages/${name}.md`, again), load("ui/markdown.js", again), load("ui/code.js", again),
      ]);
      const named = [...new Set([...words.matchAll(RECIPE)].map(([, recipe]) => recipe))];
      const recipes = await Promise.all(named.map(async (recipe) => [recipe, await page.shipped(recipe)]));
      Object.assign(facts, { markdown, Code, live: words.includes("{{frame."), parts: partsOf(markdown.parse(words)), recipes: Object.fromEntries(recipes) });
      if (!there) return;
      if (page.troubles.story) page.fail("story", null);
      draw();
      if (page.open) await find();
    } catch (error) {
      if (there) page.fail("story", error);
    }
  }

  /** Python is there: ask for the source of what the story names. */
  async function find() {
    const names = Object.values(facts.parts).flat().flatMap((token) => facts.markdown.sources(token));
    if (facts.sources || !names.length) return;
    facts.sources = (await page.source(names))?.sources ?? null;
    if (there) draw();
  }

  function draw() {
    const { story, source } = page.troubles;
    const retry = story && (() => read(true));
    for (const [part, place] of Object.entries(places)) {
      const trouble = part === HOW ? html`<${Trouble} trouble=${story ?? source} test="story-trouble" retry=${retry} />` : null;
      render(html`<${Part} title=${part} facts=${facts} trouble=${trouble} />`, place);
    }
  }

  const stop = page.listen(({ type, frame }) => {
    if (type === "frame") facts.frame = frame.scalars;
    if (type === "open" && facts.markdown) find();
    if (type === "messages" || (type === "frame" && facts.live)) draw();
  });
  draw();
  requestAnimationFrame(() => setTimeout(read)); // after the paint
  return () => {
    there = false;
    stop();
  };
}

/** Tokens by the heading of the first level that they follow. */
function partsOf(tokens) {
  const parts = {};
  for (const token of tokens) {
    if (token.type === "heading" && token.depth === 1) parts[token.text] = [];
    else Object.values(parts).at(-1)?.push(token);
  }
  return parts;
}

function Part({ title, facts, trouble }) {
  const { markdown, glossary, Code, recipes, sources, frame, parts } = facts;
  const chapters = [[]];
  for (const token of parts[title] ?? []) {
    if (token.type === "heading" && token.depth === 2) chapters.push([]);
    chapters.at(-1).push(token);
  }
  const known = { recipes, frame };
  const show = {
    glossary,
    value: (path, format) => written(path.split(".").reduce((found, key) => found?.[key], known), format),
    source: (name) => html`<${Code} key=${name} name=${name} source=${sources?.[name]} />`,
  };
  const [first, ...rest] = chapters;
  return html`<h2 class=${title === HOW ? "chapter" : null}>${title}</h2>
    ${trouble} ${first.length > 0 && html`<div class=${title === HOW ? "prose" : "prose about"}>${markdown.drawn(first, show)}</div>`}
    ${rest.map((tokens) => html`<${Chapter} tokens=${tokens} markdown=${markdown} show=${show} />`)}`;
}

function Chapter({ tokens, markdown, show }) {
  const code = tokens.filter((token) => markdown.sources(token).length);
  return html`<section class="chapter-body">
    <div class="prose">${markdown.drawn(tokens.filter((token) => !code.includes(token)), show)}</div>
    ${code.length > 0 && html`<div class="codes">${markdown.drawn(code, show)}</div>`}
  </section>`;
}
