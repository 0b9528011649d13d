import { each } from "./dom.js";

// A button in each password box that shows what was typed. The box goes back
// to hiding before the form is sent, so that browsers still offer to save it.
each("[data-reveal]", (box) => {
  const input = box.querySelector("input");
  const say = box.dataset;
  const button = document.createElement("button");
  const live = document.createElement("span");
  button.type = "button";
  button.className = "reveal-btn";
  button.textContent = say.show;
  button.setAttribute("aria-controls", input.id);
  button.disabled = input.disabled;
  live.className = "vh";
  live.setAttribute("aria-live", "polite");
  const show = (on) => {
    input.type = on ? "text" : "password";
    button.textContent = on ? say.hide : say.show;
  };
  button.addEventListener("click", () => {
    const on = input.type === "password";
    show(on);
    live.textContent = on ? say.shown : say.hidden;
  });
  if (input.form) input.form.addEventListener("submit", () => show(false));
  box.classList.add("reveal-on");
  box.append(button, live);
});

// A word on the length of a new password. How strong it is, the server decides.
each("[data-meter]", (input) => {
  const out = document.getElementById(input.dataset.meter);
  const bars = out.nextElementSibling;
  input.addEventListener("input", () => {
    if (bars) bars.hidden = true; // they speak of the password sent before
    const missing = input.dataset.min - [...input.value].length;
    out.textContent = !input.value ? "" : missing > 0 ? input.dataset.short.replace("{0}", missing) : input.dataset.enough;
  });
});
