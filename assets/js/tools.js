import { each } from "./dom.js";

// On a phone the places of staff stand in one line that is moved: the present one is
// brought into sight.
each(".rail [aria-current]", (here) => (here.closest("ul").scrollLeft = here.offsetLeft - 40));

each("[data-print]", (b) => {
  b.hidden = false;
  b.addEventListener("click", () => print());
});

// The words of a part, one line for each entry of a list.
const words = (part) => {
  const lines = part.querySelectorAll("li");
  return lines.length ? [...lines].map((l) => l.textContent.trim()).join("\n") : part.textContent.replace(/\s+/g, " ").trim();
};
if (navigator.clipboard) {
  each("[data-copy]", (b) => {
    const part = document.getElementById(b.dataset.copy);
    const text = b.querySelector("span");
    const before = text.textContent;
    if (!part) return;
    b.hidden = false;
    b.addEventListener("click", () => {
      navigator.clipboard.writeText(words(part)).then(() => {
        text.textContent = b.dataset.done;
        setTimeout(() => (text.textContent = before), 4000);
      }, () => {});
    });
  });
}
