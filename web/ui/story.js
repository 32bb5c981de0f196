import { html } from "preact";
import { load, text } from "../modules.js";
import { written } from "./format.js";
import { Trouble } from "./trouble.js";

const HOW = "How it works"; // the part that every story has
const RECIPE = /\{\{recipes\.([\w-]+)\./g;

/**
 * The story of a page, pyapp/pages/<page>.md, in parts, the headings of the first level. It needs no Python and comes after the
 * first paint; the source that it names, and numbers of the frame, come with Python. A part's chapters have words and formulas at
 * the left, the Python that runs at the right. `changed` is called when it has to be drawn again.
 */
export class Story {
  #page;
  #changed;
  #made = {}; // parts as they are, until something changes
  #facts = { markdown: null, Code: null, live: false, parts: {}, recipes: {}, sources: null, frame: null };

  constructor(page, changed) {
    this.#page = page;
    this.#changed = changed;
    page.listen(({ type, frame }) => {
      if (type === "frame") this.#facts.frame = frame.scalars;
      if (type === "open" && this.#facts.markdown) this.#find();
      if (type === "messages" || (type === "frame" && this.#facts.live)) this.#made = {}; // the page draws all of these
    });
    if (page.meta.story) requestAnimationFrame(() => setTimeout(() => this.#read())); // after the paint
  }

  part(title = HOW) {
    const { story, source } = this.#page.troubles;
    const trouble = title === HOW ? html`<${Trouble} trouble=${story ?? source} test="story-trouble" retry=${story && (() => this.#read(true))} />` : null;
    return (this.#made[title] ??= html`<${Part} title=${title} glossary=${this.#page.meta.glossary} trouble=${trouble} ...${this.#facts} />`);
  }

  async #read(again = false) {
    const page = this.#page;
    try {
      const [words, markdown, { Code }] = await Promise.all([
        text(`app/pages/${page.meta.name}.md`, again), load("ui/markdown.js", again), load("ui/code.js", again),
      ]);
      const named = [...new Set([...words.matchAll(RECIPE)].map(([, recipe]) => recipe))];
      const recipes = await Promise.all(named.map(async (recipe) => [recipe, await page.shipped(recipe)]));
      this.#tell({ markdown, Code, live: words.includes("{{frame."), parts: partsOf(markdown.parse(words)), recipes: Object.fromEntries(recipes) });
      if (page.troubles.story) page.fail("story", null);
      if (page.open) await this.#find();
    } catch (error) {
      page.fail("story", error);
    }
  }

  /** Python is there: ask for the source of what the story names. */
  async #find() {
    const { parts, markdown, sources } = this.#facts;
    const names = Object.values(parts).flat().flatMap((token) => markdown.sources(token));
    if (!sources && names.length) this.#tell({ sources: (await this.#page.source(names))?.sources ?? null });
  }

  #tell(news) {
    Object.assign(this.#facts, news);
    this.#made = {};
    this.#changed();
  }
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

function Part({ title, trouble, markdown, glossary, Code, recipes, sources, frame, parts }) {
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
