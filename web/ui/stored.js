// Texts that the browser keeps, in sessionStorage for one tab. Storage may be forbidden: then nothing is found, and nothing stays.

export function recall(key, storage = "localStorage") {
  try {
    return globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text; null takes it away. Returns what the browser has against that, or null. */
export function remember(key, text, storage = "localStorage") {
  try {
    if (text === null) globalThis[storage].removeItem(key);
    else globalThis[storage].setItem(key, text);
    return null;
  } catch ({ message }) {
    return message;
  }
}
