import { each } from "./dom.js";

// A form that asks for a proof of work (see internal/enroll/work.go): find a
// counter so that SHA-256 of the form's key, a dot and the counter begins with
// enough zero bits. It starts when the page opens, in small portions, so that
// the page stays usable; a form sent too early waits for it. Our own SHA-256,
// of one block: the browser's takes a promise for each hash and is slower.
const K = [], H0 = [];
const root = (n, p) => (Math.pow(n, 1 / p) % 1) * 4294967296 | 0;
for (let n = 2; K.length < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  if (H0.length < 8) H0.push(root(n, 2));
  K.push(root(n, 3));
}
const w = new Int32Array(64);
const rot = (x, n) => (x >>> n) | (x << (32 - n));

// hash gives the first 32 bits of SHA-256 of at most 55 letters of ASCII.
const hash = (text) => {
  w.fill(0);
  for (let i = 0; i < text.length; i++) w[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  w[text.length >> 2] |= 0x80 << (24 - 8 * (text.length & 3));
  w[15] = 8 * text.length;
  let a = H0[0], b = H0[1], c = H0[2], d = H0[3], e = H0[4], f = H0[5], g = H0[6], h = H0[7];
  for (let i = 0; i < 64; i++) {
    if (i > 15) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (rot(x, 7) ^ rot(x, 18) ^ (x >>> 3)) + (rot(y, 17) ^ rot(y, 19) ^ (y >>> 10));
    }
    const t1 = (h + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const t2 = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  return (a + H0[0]) >>> 0;
};

each("[data-work]", (input) => {
  const form = input.form;
  const limit = 2 ** (32 - input.dataset.work);
  const key = form.elements._form.value.slice(0, 32) + ".";
  let n = 0, waiting = null;
  const portion = () => {
    for (const end = n + 2000; n < end; n++) {
      if (hash(key + n) < limit) {
        input.value = n;
        if (waiting) form.requestSubmit ? form.requestSubmit(waiting.button) : form.submit();
        return;
      }
    }
    setTimeout(portion);
  };
  // Before the listener that holds back a second press (form.js): it must not
  // count a press that only waits.
  form.addEventListener("submit", (e) => {
    if (input.value !== "") return;
    e.preventDefault();
    e.stopPropagation();
    waiting = { button: e.submitter || undefined };
  }, true);
  portion();
});
