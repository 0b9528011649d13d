// Opens a SMART Health Link of this portal. The link stands behind the # of the
// address; its key is used here and sent nowhere. The record is shown as text
// only: nothing in it becomes markup.
import { each, one } from "./dom.js";
import { read } from "./shlink.js";
import { show } from "./shown.js";

const form = one("#view-form");
const box = one("#view-say");
const busy = one("#view-busy");
const place = one("#view-record");
const words = {};
each("#view-words [data-word]", (li) => (words[li.dataset.word] = li.textContent));

const say = (text) => {
  one("p", box).textContent = text;
  box.hidden = !text;
  if (text) box.focus();
};
// What is wrong with a field stands at the field; "" takes it away.
const title = document.title;
const mark = (name, text) => {
  const input = form.elements[name];
  const p = one("#" + name + "-error");
  one("[data-text]", p).textContent = text;
  input.before(p);
  p.hidden = !text;
  input.parentElement.classList.toggle("field-bad", !!text);
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  input.setAttribute("aria-describedby", name + "-hint" + (text ? " " + p.id : ""));
  return !text;
};
// Marks what is wrong and goes there; true if nothing is.
const fits = (recipient, passcode) => {
  const ok = [mark("recipient", recipient), mark("passcode", passcode)];
  const bad = ok.indexOf(false);
  document.title = (bad < 0 ? "" : words.error + " ") + title;
  if (bad >= 0) form.elements[bad ? "passcode" : "recipient"].focus();
  return bad < 0;
};
const end = (text) => {
  form.hidden = true;
  say(text);
};

// The answer of the link's address, or what is wrong with it in words.
const ask = async (url, recipient, passcode) => {
  const r = await fetch(url, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ recipient, passcode }),
  });
  if (r.ok) return r.json();
  if (r.status === 401) {
    const left = (await r.json()).remainingAttempts;
    if (left > 0) throw { at: (left === 1 ? words.last : words.wrong).replace("{0}", left) };
    throw { text: words.gone, over: true };
  }
  if (r.status === 404) throw { text: words.ended, over: true };
  throw { text: r.status === 429 ? words.wait : words.trouble };
};

const fetched = async (file) => {
  if (file.embedded) return file.embedded;
  const r = await fetch(file.location, { credentials: "omit" });
  if (!r.ok) throw { text: words.ended, over: true };
  return r.text();
};

const start = (link) => {
  one("#view-plain").hidden = true;
  if (!link) return end(words.nolink);
  if (link.url.origin !== location.origin) return end(words.away);
  form.hidden = false;
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const recipient = form.elements.recipient.value.trim();
    const passcode = form.elements.passcode.value.trim();
    say("");
    if (!fits(recipient ? "" : words["recipient.needed"], passcode ? "" : words["passcode.needed"]) || !busy.hidden) return;
    busy.hidden = false;
    try {
      const manifest = await ask(link.url, recipient, passcode);
      const files = [];
      for (const f of manifest.files) files.push(await link.open(await fetched(f), words));
      form.hidden = true;
      show(place, files, words);
      place.hidden = false;
      place.focus();
    } catch (err) {
      if (err.over) form.hidden = true;
      if (err.at) fits("", err.at);
      else say(err.text || words.trouble);
    }
    busy.hidden = true;
  });
};

// The other language opens the same link.
each("a[hreflang]", (a) => a.addEventListener("click", () => (a.hash = location.hash)));
addEventListener("hashchange", () => location.reload());
start(read(location.hash));
