import { each, one } from "./dom.js";
import { forget, giveBack, hold, keep } from "./keep.js";

// Warns 2½ minutes before a session ends and leaves the page when it has. All
// tabs share the moment of last use, so that an open but unused tab neither
// ends early nor keeps the session alive.
const box = one("#session");
const warn = 150; // seconds
const seen = "portico.seen";

const clock = (s) => Math.floor(s / 60) + ":" + String(Math.floor(s % 60)).padStart(2, "0");

const start = () => {
  const say = box.dataset;
  const text = one("#session-text");
  const timer = one("[data-clock]", box);
  const stay = one("[data-stay]", box);
  const close = one("[data-close]", box);
  let told = false; // the person has been told of the last end and pressed OK

  const used = () => localStorage.setItem(seen, Date.now());
  const open = () => {
    if (box.open) return;
    if (box.showModal) box.showModal();
    else {
      box.setAttribute("open", "");
      box.classList.add("dialog-plain");
    }
  };
  const shut = () => (box.close ? box.close() : box.removeAttribute("open"));
  const leave = () => {
    keep(say.mark);
    location.assign(say.ended + "?next=" + encodeURIComponent(location.pathname + location.search));
  };
  const tick = () => {
    const now = Date.now();
    const rest = (Number(localStorage.getItem(seen)) + say.idle * 1000 - now) / 1000;
    const end = Number(say.absolute) ? (Number(say.absolute) - now) / 1000 : Infinity;
    const final = end <= rest;
    const least = Math.min(rest, end);
    if (least <= 0) {
      clearInterval(beat);
      leave();
    } else if (least <= warn && !(final && told)) {
      if (final) text.textContent = say.last;
      stay.hidden = final;
      close.hidden = !final;
      timer.textContent = say.left.replace("{0}", clock(least));
      open();
    } else if (box.open) shut(); // another tab has stayed
  };
  stay.addEventListener("click", () => {
    fetch(say.extend, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } })
      .then((r) => {
        if (!r.ok || r.redirected) throw r;
        used();
        shut();
      })
      .catch(leave);
  });
  close.addEventListener("click", () => {
    told = true;
    shut();
  });
  box.addEventListener("cancel", (e) => {
    e.preventDefault(); // Escape answers the question like the button
    (stay.hidden ? close : stay).click();
  });
  used();
  if (location.pathname.startsWith("/account/confirm") || one("[data-held]")) hold();
  giveBack(say.mark);
  each("form[data-keep]", (form) => form.addEventListener("submit", () => keep(say.mark, true)));
  const beat = setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
};

if (box) start();
else if (location.pathname === "/signin") hold();
each("[data-signout],[data-held] .action", (form) => form.addEventListener("submit", forget));

// A page from before signing out may come back from the browser's memory.
addEventListener("pageshow", (e) => {
  if (e.persisted && box) location.reload();
});
