import { each, one } from "./dom.js";

// Text typed into forms marked data-keep survives a session that ran out while
// it was being written, and a form that was sent too late: it waits in this tab
// only, is given back once to the same account on the same page, and is gone
// after 15 minutes. What was sent is given back only if the answer was to sign
// in, to confirm who one is or to read new terms; any other answer means that it
// arrived.
const place = "portico.kept";
const longest = 15 * 60 * 1000;
const kinds = "input:not([type=password]):not([type=hidden]):not([type=file]),select,textarea";

export const keep = (mark, sent) => {
  const fields = {};
  each("form[data-keep]", (form) => {
    each(kinds, (f) => {
      if (!f.name || f.autocomplete === "one-time-code") return;
      if (f.type === "radio" || f.type === "checkbox") fields[f.id] = f.checked;
      else fields[f.id] = f.value;
    }, form);
  });
  if (Object.keys(fields).length) {
    sessionStorage.setItem(place, JSON.stringify({ mark, sent, path: location.pathname, at: Date.now(), fields }));
  }
};

export const forget = () => sessionStorage.removeItem(place);

// hold keeps what was sent: the person has something else to do first.
export const hold = () => {
  const kept = JSON.parse(sessionStorage.getItem(place));
  if (kept) sessionStorage.setItem(place, JSON.stringify({ ...kept, sent: false }));
};

export const giveBack = (mark) => {
  const text = sessionStorage.getItem(place);
  if (!text) return;
  const kept = JSON.parse(text);
  if (kept.sent || kept.mark !== mark || Date.now() - kept.at > longest) {
    forget();
    return;
  }
  if (kept.path !== location.pathname || !one("form[data-keep]")) return;
  forget();
  for (const id in kept.fields) {
    const f = document.getElementById(id);
    if (!f || !f.form || !("keep" in f.form.dataset) || !f.matches(kinds)) continue;
    if (f.type === "radio" || f.type === "checkbox") f.checked = kept.fields[id];
    else f.value = kept.fields[id];
    f.dispatchEvent(new Event("input"));
  }
};
