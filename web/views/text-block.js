import { html, useEffect, useRef, useState } from "preact";

const FAR = 10; // characters that Shift with an arrow key moves by

/** One of two texts, block.name, whose every character can be read by pointer or arrow keys; what the one that is read looked at is shaded. */
export default function TextBlock({ block: { name: side }, scope, page }) {
  const host = useRef(null);
  const moves = useRef(0);
  const [moved, setMoved] = useState(null); // where the reading was moved to while Python has not answered that yet
  const text = scope.get(`texts.${side}`) ?? "";
  const [prompt, first] = [scope.get("prompt"), scope.get("difference")];
  const [start, limit, weights] = scope.get("read.side") === side
    ? [scope.get("read.start"), scope.get("read.limits.attention"), scope.array(`read.attention_${side}`).data] : [];
  const here = moved ?? (weights ? scope.get("read.at") : null);

  const ask = async (inputs, read = null) => {
    const answer = read ?? (await page.predict(inputs));
    if (answer?.scalars.newest) page.picked = null; // the text may have become shorter meanwhile
    if (answer) page.reads(answer);
  };
  async function move(to) {
    const mine = (moves.current += 1);
    const at = Math.max(0, Math.min((page.step ? text.length : prompt) - 1, to)); // Python has not written what was recorded
    setMoved(at);
    host.current.children[at].scrollIntoView({ block: "nearest" });
    await ask((page.picked = { side, at })); // of both texts; a rest of the writing reads it again
    if (moves.current === mine) setMoved(null);
  }
  const point = ({ target }) => target !== host.current && move(Array.from(host.current.children).indexOf(target));
  const key = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || !text) return;
    event.preventDefault();
    move((here ?? text.length - 1) + by * (event.shiftKey ? FAR : 1));
  };
  useEffect(() => void (host.current.scrollTop = host.current.scrollHeight), [text]);
  useEffect(() => {
    if (side !== "float") return undefined; // one asks for both
    let written = true; // since the last reading
    page.asks = (name) => (written || page.meta.eager.includes(name) ? null : page.picked ?? { side, at: null });
    const look = ({ read, changed }) => {
      written = page.scope().get("live") || page.training.playing; // a change may have begun the texts anew
      if (!written) ask(page.asks(), read);
      else if (changed) page.reads(null); // it was of other texts
    };
    queueMicrotask(() => page.scope().ready && look({})); // see views/draw.js
    return page.listen((event) => event.type === "frame" && (written || !event.resting) && look(event));
  }, []);
  const kind = (c, i) => [c === "\n" && "break", i < prompt && "prompt", i === first && "first", i === here && "picked"].filter(Boolean).join(" ");
  const look = (i) => (weights?.[i - start] === undefined ? null : { "--look": `${((100 * weights[i - start]) / limit).toFixed(1)}%` });
  return html`<div ref=${host} class=${`text-block ${side}`} tabindex="0" data-test=${`text-${side}`} role="application" aria-roledescription="text"
    aria-label=${`${side === "float" ? "Float32" : "Quantised"} text. Left and right arrow keys read its characters.`}
    onPointerOver=${point} onPointerDown=${point} onKeyDown=${key}
  >${Array.from(text, (c, i) => html`<span key=${i} class=${kind(c, i)} style=${look(i)}>${c}</span>`)}</div>`;
}
