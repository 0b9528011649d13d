// Shows a FHIR document as headings and tables. Everything is written with
// textContent.
const make = (tag, text, parent, attributes = {}) => {
  const e = document.createElement(tag);
  if (text) e.textContent = text;
  for (const a in attributes) e.setAttribute(a, attributes[a]);
  parent.append(e);
  return e;
};
const list = (x) => (Array.isArray(x) ? x : []);
const join = (parts, by = ", ") => parts.filter(Boolean).join(by);

// The words of a coded concept.
const concept = (c) => (c ? c.text || list(c.coding).map((x) => x.display || x.code).find(Boolean) || "" : "");

// Numbers as record.Legible writes them: what some program's arithmetic gave is
// rounded to four digits, on the same side of every limit.
const rounded = (n, limits) => {
  const whole = n.replace(/^-?0*/, "").split(".")[0].length;
  const zeros = n.split(".")[1].search(/[^0]|$/);
  for (let d = whole ? Math.max(4 - whole, 0) : zeros + 4; d < n.length; d++) {
    const t = (+n).toFixed(d);
    if (limits.every((x) => Math.sign(n - x) === Math.sign(t - x))) return t;
  }
  return n;
};
const legible = (x, limits = []) => String(x ?? "").replace(/(^|[\s/:(<>=–])(-?\d+\.\d{5,})(?=$|[\s/:)%])/g, (all, before, n) => before + rounded(n, limits));
// UCUM writes units of its own words in braces, and "1" for none.
const unit = (q) => (q.unit || q.code || "").replace(/^\{([^{}]*)\}$|^1$/, "$1");
const quantity = (q, limits) => (q ? join([(q.comparator || "") + legible(q.value, limits), unit(q)], " ") : "");
// One end alone is a limit: "≤ 5.7" must not read as 5.7.
const between = (g) => {
  const low = quantity(g.low);
  const high = quantity(g.high);
  if (low && high) return low + " – " + high;
  return (low && "≥ " + low) || (high && "≤ " + high);
};

const day = (text) => {
  if (!text) return "";
  const lang = document.documentElement.lang;
  const p = text.slice(0, 10).split("-").map(Number);
  const y = p[0];
  const m = p[1];
  const d = p[2];
  if (!y) return text;
  if (!m) return String(y);
  const f = d ? { year: "numeric", month: "long", day: "numeric" } : { year: "numeric", month: "long" };
  return new Intl.DateTimeFormat(lang, f).format(new Date(y, m - 1, d || 1));
};

const value = (r, words) => {
  const g = list(r.referenceRange)[0];
  if (r.valueQuantity) return quantity(r.valueQuantity, [g?.low?.value, g?.high?.value].filter((x) => x != null));
  if (r.valueCodeableConcept) return concept(r.valueCodeableConcept);
  if (typeof r.valueBoolean === "boolean") return r.valueBoolean ? words.yes : words.no;
  if (r.valueRatio) return join([quantity(r.valueRatio.numerator), quantity(r.valueRatio.denominator)], " : ");
  if (r.valueRange) return between(r.valueRange);
  return legible(r.valueString) || (r.valueInteger ?? "").toString() || day(r.valueDateTime) || concept(r.dataAbsentReason);
};
const range = (r) => {
  const g = list(r.referenceRange)[0];
  return g ? legible(g.text) || between(g) : "";
};
const note = (r, words) => {
  const said = list(r.interpretation)[0];
  const code = list(said?.coding)[0]?.code || "";
  const known = { N: "", H: words.high, HH: words.high, L: words.low, LL: words.low, A: words.abnormal, AA: words.abnormal };
  return known[code] ?? (concept(said) || code);
};
const state = (r, words) => {
  const code = list(r.clinicalStatus?.coding)[0]?.code || r.status || "";
  return words["state." + code] || concept(r.clinicalStatus) || code;
};
const date = (r) => day(r.performedDateTime || r.performedPeriod?.start || r.occurrenceDateTime || r.effectiveDateTime || r.effectivePeriod?.start
  || r.authoredOn || r.period?.start || r.date || r.dateAsserted || r.recordedDate || r.issued || r.created || r.billablePeriod?.start || r.startDate);

// What a resource is called, whatever its kind.
const called = (r, find) =>
  concept(r.code) || concept(r.medicationCodeableConcept) || concept(r.vaccineCode) || concept(find(r.medicationReference)?.code)
  || r.medicationReference?.display || concept(list(r.type)[0] || r.type) || concept(list(r.category)[0]) || r.title || r.description?.text
  || concept(r.relationship) || r.name || list(r.payor)[0]?.display || "";

// The columns of each kind of resource: word of the heading and content.
const observation = [["value", (r, w) => value(r, w)], ["range", range], ["note", note], ["when", date]];
const medicine = [["how", (r) => join(list(r.dosageInstruction || r.dosage).map((d) => d.text), "; ")], ["since", date], ["state", state]];
const columns = {
  AllergyIntolerance: [["reaction", (r) => join(list(r.reaction).flatMap((x) => list(x.manifestation).map(concept)))], ["since", (r) => day(r.onsetDateTime) || date(r)], ["state", state]],
  Condition: [["since", (r) => day(r.onsetDateTime || r.onsetPeriod?.start) || r.onsetString || date(r)], ["state", state]],
  MedicationRequest: medicine,
  MedicationStatement: medicine,
  Observation: observation,
  DiagnosticReport: [["value", (r) => legible(r.conclusion)], ["when", date], ["state", state]],
};
const usual = [["when", date], ["state", state]];

// A table of resources of one kind. On a phone each row becomes a block.
const table = (rows, find, words, parent) => {
  const cols = [["what", (r) => called(r, find) || words.untitled], ...(columns[rows[0].resourceType] || usual)];
  const t = make("table", "", parent, { class: "table table-stack", role: "table" });
  const head = make("tr", "", make("thead", "", t, { role: "rowgroup" }), { role: "row" });
  cols.forEach((c) => make("th", words["col." + c[0]], head, { role: "columnheader", scope: "col" }));
  const body = make("tbody", "", t, { role: "rowgroup" });
  const add = (r, inside) => {
    const tr = make("tr", "", body, { role: "row" });
    cols.forEach((c, i) => {
      const name = c[0];
      const cell = make(i ? "td" : "th", "", tr, i ? { role: "cell" } : { role: "rowheader", scope: "row" });
      const text = name === "value" && r.resourceType === "Observation" ? value(r, words) : c[1](r, words);
      if (i && text) make("span", words["col." + name], cell, { class: "cell-label", "aria-hidden": "true" });
      make("span", (i || !inside ? "" : "– ") + (text || ""), cell);
    });
    // Parts of a value, and what a panel or report holds.
    list(r.component).forEach((c) => add({ ...c, resourceType: r.resourceType }, true));
    if (!inside) [...list(r.hasMember), ...list(r.result)].map(find).filter(Boolean).forEach((m) => add(m, true));
  };
  rows.forEach((r) => add(r, false));
};

const save = (text, name, type, data, parent) => {
  const a = make("a", text, parent, { class: "btn btn-second", download: name });
  a.href = URL.createObjectURL(new Blob([data], { type }));
};

const person = (p) => {
  const n = list(p?.name)[0] || {};
  return n.text || join([...list(n.given), n.family, ...list(n.suffix)], " ");
};

// Shows what a link leads to: the document, and ways to keep it.
export const show = (place, files, words) => {
  const bundle = files.find((f) => f.resourceType === "Bundle");
  const paper = list(files.find((f) => f.resourceType === "DocumentReference")?.content)[0]?.attachment;
  const all = list(bundle?.entry).map((e) => e.resource);
  const by = {};
  all.forEach((r) => (by[r.resourceType + "/" + r.id] = r));
  const find = (ref) => by[ref?.reference];
  const cover = all.find((r) => r.resourceType === "Composition") || {};
  const of = find(cover.subject);
  make("h2", words.for.replace("{0}", person(of)), place);
  const facts = make("dl", "", place);
  [["born", day(of?.birthDate)], ["made", day(cover.date)], ["by", find(list(cover.author)[0])?.name]].forEach((x) => {
    const f = make("div", "", facts, { class: "fact" });
    make("dt", words[x[0]], f);
    make("dd", x[1] || "–", f);
  });
  const keep = make("div", "", place, { class: "row" });
  if (paper) save(words.savepdf, "health-record.pdf", "application/pdf", Uint8Array.from(atob(paper.data), (c) => c.charCodeAt(0)), keep);
  save(words.savedata, "health-record.json", "application/fhir+json", bundle.sent, keep);
  list(cover.section).forEach((s) => {
    const part = make("section", "", place, { class: "stack" });
    make("h3", s.title, part);
    const kinds = new Map();
    list(s.entry).map(find).filter(Boolean).forEach((r) => kinds.set(r.resourceType, [...(kinds.get(r.resourceType) || []), r]));
    if (!kinds.size) make("p", words.empty, part);
    kinds.forEach((rows) => table(rows, find, words, part));
  });
};
