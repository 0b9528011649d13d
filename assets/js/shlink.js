// The form of SMART Health Links: base64url of JSON, and files as JWE.
const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (b) => new TextDecoder().decode(b);
const json = (b) => JSON.parse(text(b));

// Reads a file and keeps its text too. Decimals become texts, for a 7.0 that was
// read as a number would be shown as 7.
const file = (sent) => ({ ...JSON.parse(sent.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+\.\d+(?:[eE][-+]?\d+)?/g, (t) => (t[0] === '"' ? t : '"' + t + '"'))), sent });

// Decrypts a compact JWE, algorithm dir, A256GCM (RFC 7516 section 7.1).
const open = async (key, jwe, words) => {
  try {
    const part = jwe.split(".");
    const h = json(bytes(part[0]));
    if (h.alg !== "dir" || h.enc !== "A256GCM" || h.zip) throw 0;
    // WebCrypto wants the tag behind the text.
    const c = bytes(part[3]);
    const t = bytes(part[4]);
    const sealed = new Uint8Array(c.length + t.length);
    sealed.set(c);
    sealed.set(t, c.length);
    const k = await crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["decrypt"]);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(part[2]), additionalData: new TextEncoder().encode(part[0]), tagLength: 128 }, k, sealed);
    return file(text(plain));
  } catch {
    throw { text: words.broken, over: true };
  }
};

// Reads the link behind the # of an address; nothing if there is none.
export const read = (hash) => {
  try {
    const p = json(bytes(hash.replace(/^#/, "").replace(/^shlink:\//, "")));
    return { url: new URL(p.url), open: (jwe, words) => open(p.key, jwe, words) };
  } catch {
    return null;
  }
};
