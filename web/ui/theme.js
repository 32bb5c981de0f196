// Light, dark or as the system says; and the style sheet's colours for canvases, which cannot use CSS variables.
import { recall, remember } from "./stored.js";

const KEY = "bitladder-theme";
const listeners = new Set();

function setTheme(name) {
  if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
}

/** Take up the theme that was chosen last, and let these radio buttons choose another. */
export function bindThemes(radios) {
  setTheme(recall(KEY));
  for (const radio of radios) {
    radio.checked = radio.value === (document.documentElement.dataset.theme ?? "auto");
    radio.addEventListener("change", () => {
      setTheme(radio.value);
      remember(KEY, radio.value);
      changed();
    });
  }
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", changed);
  }
}

/** `listen` is called after every change of the colours; returns how to stop. */
export function onTheme(listen) {
  listeners.add(listen);
  return () => listeners.delete(listen);
}

const cache = new Map();
const scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function changed() {
  cache.clear();
  for (const listen of listeners) listen();
}

/** The style sheet's `--name` as [r, g, b], 0 to 255. */
export function rgb(name) {
  if (!cache.has(name)) {
    // A browser resolves light-dark() and colour names only for real properties, and a canvas turns the result to bytes.
    const probe = document.createElement("span");
    probe.style.cssText = `forced-color-adjust: none; color: var(--${name})`;
    probe.hidden = true;
    document.body.append(probe);
    scratch.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    scratch.fillRect(0, 0, 1, 1);
    cache.set(name, [...scratch.getImageData(0, 0, 1, 1).data.slice(0, 3)]);
  }
  return cache.get(name);
}

export const css = (name) => `rgb(${rgb(name).join(" ")})`;
