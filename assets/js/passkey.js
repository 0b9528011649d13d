import { each, one } from "./dom.js";

// Forms that a passkey fills in (page.Passkey). The challenge is asked for at the
// form's address + /options; what the browser answers goes back in two hidden
// fields. Bytes travel as base64url.
const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const base64 = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// A field that is offered passkeys by itself has an open question, which must end
// before another one is asked.
let open = null;
const renew = 4 * 60 * 1000; // before the challenge's five minutes are over

// ask gives the options for a form; named is the field whose value goes with it.
const ask = async (form, named) => {
  const body = new URLSearchParams(new FormData(form));
  const field = named && document.getElementById(form.dataset.name);
  if (field) body.set("name", field.value);
  const r = await fetch(form.action + "/options", { method: "POST", body, headers: { Accept: "application/json" } });
  if (r.redirected) {
    location.assign(r.url); // to sign in, or to confirm who one is
    await new Promise(() => {});
  }
  if ((r.headers.get("Content-Type") || "").indexOf("json") < 0) throw new Error(r.status);
  const o = await r.json();
  if (o.problem) throw { say: o.problem };
  const k = o.publicKey;
  k.challenge = bytes(k.challenge);
  if (k.user) k.user.id = bytes(k.user.id);
  for (const list of [k.allowCredentials, k.excludeCredentials]) if (list) list.forEach((c) => (c.id = bytes(c.id)));
  return o;
};

const send = (form, ticket, cred) => {
  const r = cred.response;
  const response = { clientDataJSON: base64(r.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (r[part]) response[part] = base64(r[part]);
  }
  if (r.getTransports) response.transports = r.getTransports();
  const box = form.dataset.box;
  if (box) form.elements[box].value = document.getElementById(box).checked ? "yes" : "";
  form.elements.ticket.value = ticket;
  form.elements.credential.value = JSON.stringify({ id: cred.id, rawId: base64(cred.rawId), type: cred.type, authenticatorAttachment: cred.authenticatorAttachment, response });
  form.submit();
};

const say = (form, text) => {
  const out = one("[role=alert]", form);
  out.textContent = text || "";
  out.hidden = !text;
};

const press = async (form) => {
  const button = one("button", form);
  if (button.getAttribute("aria-disabled")) return;
  button.setAttribute("aria-disabled", "true");
  say(form);
  if (open) open.abort();
  try {
    const o = await ask(form, form.dataset.name);
    const how = { publicKey: o.publicKey };
    send(form, o.ticket, await (form.dataset.passkey === "create" ? navigator.credentials.create(how) : navigator.credentials.get(how)));
  } catch (e) {
    const d = form.dataset;
    say(form, e.say || (e.name === "NotAllowedError" ? d.refused : e.name === "InvalidStateError" ? d.twice : d.failed));
    button.removeAttribute("aria-disabled");
    if ("fill" in d) fill(form);
  }
};

// fill lets the browser offer passkeys among what it would fill the field in with.
const fill = async (form) => {
  const c = PublicKeyCredential;
  const mine = (open = new AbortController()); // before anything is waited for: a quick press ends it too
  if (!c.isConditionalMediationAvailable || !(await c.isConditionalMediationAvailable()) || mine.signal.aborted) return;
  const again = setTimeout(() => {
    mine.abort();
    fill(form);
  }, renew);
  try {
    const o = await ask(form);
    send(form, o.ticket, await navigator.credentials.get({ publicKey: o.publicKey, mediation: "conditional", signal: mine.signal }));
  } catch (e) {
    // Ended by a press on the button, or nothing was chosen: the page stays as it is.
  }
  clearTimeout(again);
};

// A portal whose address is a number has no passkeys; browsers want a name.
if (window.PublicKeyCredential && !/^[\d.]+$|:/.test(location.hostname)) {
  each("form[data-passkey]", (form) => {
    form.hidden = false;
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      e.stopPropagation(); // form.js must not count a press that only asks
      press(form);
    }, true);
    if ("fill" in form.dataset) fill(form);
  });
} else each("[data-passkey-none]", (p) => (p.hidden = false));
