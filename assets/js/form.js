import { each, one } from "./dom.js";

// One submit per press: a second one is held back until the answer is late.
const late = 8000;
const release = (form) => {
  delete form.dataset.sent;
  each("button[aria-disabled]", (b) => b.removeAttribute("aria-disabled"), form);
};
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (form.dataset.sent) {
    e.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  form.dataset.sent = "1";
  each("button:not([type=button])", (b) => b.setAttribute("aria-disabled", "true"), form);
  setTimeout(() => release(form), late);
});
addEventListener("pageshow", (e) => {
  if (e.persisted) each("form", release);
});

// What is wrong is read first; a link in the summary goes to the box itself.
const summary = one(".errsum");
if (summary) {
  summary.focus();
  each("a", (a) => {
    a.addEventListener("click", (e) => {
      const target = document.getElementById(decodeURIComponent(a.hash.slice(1)));
      if (!target) return;
      e.preventDefault();
      const box = target.matches("input,select,textarea") ? target : one("[aria-invalid],input:checked,input,select", target) || target;
      box.focus({ preventScroll: true });
      (target.closest(".field") || target).scrollIntoView({ block: "start" });
    });
  }, summary);
}

// How many characters are left in a long text.
each("[data-count]", (area) => {
  const out = document.getElementById(area.dataset.count);
  const count = () => {
    const left = area.dataset.max - [...area.value].length;
    out.textContent = (left < 0 ? area.dataset.over : area.dataset.left).replace("{0}", Math.abs(left));
  };
  area.addEventListener("input", count);
  if (area.value) count();
});
