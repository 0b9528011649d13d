// A part that shows what is being typed: asked for anew after each pause. The
// browser reads the answer as a document, so that nothing here writes HTML. What
// the form sends hidden, its one-time key, stays out of the address.
import { each, one } from "./dom.js";

each("[data-live]", (part) => {
  const form = part.closest("form");
  let wait;
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      const ask = new URLSearchParams();
      each("input:not([type=hidden]):not([type=file]),textarea", (x) => ask.append(x.name, x.value), form);
      const x = new XMLHttpRequest();
      x.responseType = "document";
      x.onload = () => {
        const now = x.response && one("[data-live]", x.response);
        if (now) part.replaceChildren(...now.childNodes);
      };
      x.open("GET", part.dataset.live + "?" + ask);
      x.send();
    }, 400);
  });
});
