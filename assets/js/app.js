// Helpers on top of pages that work without them. Nothing here writes HTML.
import "./reveal.js";
import "./form.js";
import "./tools.js";
import "./work.js";
import "./session.js";
