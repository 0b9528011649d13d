// one finds the first element for a selector, each runs f on all of them.
export const one = (selector, root = document) => root.querySelector(selector);
export const each = (selector, f, root = document) => root.querySelectorAll(selector).forEach(f);
