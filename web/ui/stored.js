// Texts that the browser keeps. Storage may be forbidden: then nothing is found, and nothing stays.

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text; null takes it away. Returns what the browser has against that, or null. */
export function remember(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return null;
  } catch ({ message }) {
    return message;
  }
}
