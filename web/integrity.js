// Is a file what the manifest lists, { bytes, sha256 }?

/** What is wrong with these bytes, or null. Where the browser offers no hashes, the size has to do. */
export async function difference(bytes, entry) {
  if (!entry) return null;
  if (bytes.length !== entry.bytes) return `has ${bytes.length} bytes instead of ${entry.bytes}`;
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hash === entry.sha256 ? null : `has the sha256 ${hash.slice(0, 8)}… instead of ${entry.sha256.slice(0, 8)}…`;
}

/**
 * The bytes of a file as its entry has them, { bytes, again, damage }: `fetched(cache)` brings them, and damaged ones, on their
 * way or in the browser's cache, come once more past the cache (`again`). damage: what is wrong with these too, else null.
 */
export async function sound(fetched, entry, heard = () => {}) {
  const first = await fetched("default");
  const damage = await difference(first, await entry);
  if (!damage) return { bytes: first, again: false, damage };
  heard(damage, first);
  const bytes = await fetched("reload");
  return { bytes, again: true, damage: await difference(bytes, await entry) };
}
