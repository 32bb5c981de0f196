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
