package chrome

// findPoint is JavaScript that takes the first usable of some elements, brings
// it into view and gives its middle, unless something else lies on top.
const findPoint = `(() => {
  const all = %s;
  if (!all.length) return {Wrong: "is not on the page", Again: true};
  if (all.length > 1) return {Wrong: "is on the page " + all.length + " times"};
  const e = all[0];
  e.scrollIntoView({block: "center", behavior: "instant"});
  const r = [...e.getClientRects()].find(r => r.width && r.height);
  if (!r) return {Wrong: "cannot be seen", Again: true};
  const x = r.x + r.width / 2, y = r.y + r.height / 2;
  const hit = document.elementFromPoint(x, y);
  const mine = hit && (e.contains(hit) || hit.contains(e) && hit.closest("a, button, label, summary") === hit || [...(e.labels ?? [])].some(l => l.contains(hit)));
  if (!mine) return {Wrong: "is covered by " + (hit ? hit.outerHTML.slice(0, 120) : "nothing"), Again: true};
  return {X: x, Y: y};
})()`

// byWords is JavaScript that gives what can be clicked and carries these words:
// those that say just this, else those that begin with it, else those that hold it.
func byWords(words, part string) string {
	return `(() => {
  const plain = t => (t ?? "").replace(/\s+/g, " ").trim();
  const want = plain(` + quote(words) + `), part = ` + quote(part) + `;
  const root = part ? document.querySelector(part) : document.querySelector("dialog[open]") ?? document;
  if (!root) return [];
  const all = [...root.querySelectorAll("a[href], button, summary, label, input[type=submit]")].filter(e => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden");
  const says = e => [plain(e.innerText), plain(e.getAttribute("aria-label")), plain(e.textContent)];
  const acts = l => { const a = l.filter(e => e.localName !== "label"); return a.length ? a : l };
  for (const fits of [s => s === want, s => s.startsWith(want), s => s.includes(want)]) {
    const found = acts(all.filter(e => says(e).some(fits)));
    const one = found.filter((e, i) => e.localName !== "a" || found.findIndex(o => o.href === e.href) === i);
    if (one.length) return one;
  }
  return [];
})()`
}
