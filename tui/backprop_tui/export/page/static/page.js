"use strict";
// Steps through the run that the page holds as data. Everything of it is written as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const find = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const MATHML = "http://www.w3.org/1998/Math/MathML", SVG = "http://www.w3.org/2000/svg";
const PIXEL = 12;
const wires = find("#graph .wires path, #graph .feeders path");
const drawn = find("#graph .nodes g").map((group) => {
  const name = group.lastElementChild, value = svg("tspan"), x = name.getAttribute("x");
  const gradient = svg("tspan", { x, dy: data.below });
  name.classList.add("name");
  name.append(" ", value, gradient);
  return { group, wire: group.querySelector("path"), value, gradient };
});
const nodes = data.nodes.map(([name, told, shape, value, gradient]) => ({ name, told, shape, value, gradient }));
const FLOWS = [...Array(8).keys()].map((level) => `flow flow-${level}`).concat("dry", "trouble");
let language = document.documentElement.lang;
let here = data.start;

// Elements

function element(name, kind, ...children) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...children);
  return made;
}

function svg(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

/** What stands at a place of the pool; what is said only once stands where its place would. */
const at = (place) => (typeof place === "number" ? data.pool[place] : place);

/** An element of MathML: a letter for its class and its name, then its text or the places of what is in it. */
function mathml(place) {
  const [head, ...children] = at(place);
  if (typeof head !== "string") return mathElement("mrow", "", ...at(place).map(mathml));
  const kind = data.classes[head[0]], name = head.slice(1);
  if (name === "d") return mathElement("mfrac", kind, ...children.map(differential));
  return mathElement(name, kind, ...children.map((child) => (typeof child === "string" ? child : mathml(child))));
}

/** ``∂q``, or what may stand in its place. */
const differential = (name) => mathElement("mrow", "", mathElement("mi", "", "∂"), mathElement("mi", "", name));

function mathElement(name, kind, ...children) {
  const made = document.createElementNS(MATHML, name);
  if (kind) made.setAttribute("class", kind);
  made.append(...children);
  return made;
}

function math(inside) {
  const made = mathElement("math", "", inside);
  made.setAttribute("displaystyle", "true");
  return made;
}

/** The pieces of a line, each of which has a letter for its class before its text. */
const spans = (line) => line.map(at).map((piece) => element("span", data.classes[piece[0]], piece.slice(1)));
const plain = (line) => line.map((place) => at(place).slice(1)).join("");
const lines = (places) => at(places).map(at);

// What holds at a position

/** What the last of some changes that is not after a position says; nothing before all of them. */
function latest(changes, position) {
  let low = -1, high = changes.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (changes[middle][0] <= position) low = middle;
    else high = middle;
  }
  return low < 0 ? [] : changes[low].slice(1);
}

function valueOf({ value }) {
  const [text = data.absent] = latest(value, here);
  return { text, kind: text === data.absent ? "absent" : "value" };
}

/** The gradient, and the class of what flows to it. */
function gradientOf({ gradient }) {
  if (gradient === null) return { text: "", kind: "", flows: "" };
  const [text = data.absent, flow] = latest(gradient, here);
  const flows = FLOWS[flow] ?? "";
  return { text, kind: flows ? "gradient" : "absent", flows };
}

/** The legs of a wire, from its last one back to its source. */
const legs = (leg) => (leg < 0 ? [] : [leg, ...legs(data.feeders[leg])]);

function showGraph() {
  const [touched, ways] = data.active[here];
  const active = here < data.seed ? "active forward" : "active backward";
  const receiver = here >= data.seed && here <= data.completed ? touched.at(-1) : -1;
  const along = new Set(ways.flatMap(legs));
  drawn.forEach(({ group, wire, ...texts }, index) => {
    const value = valueOf(nodes[index]), gradient = gradientOf(nodes[index]);
    for (const [text, shown] of [[texts.value, value], [texts.gradient, gradient]]) {
      text.textContent = shown.text;
      text.setAttribute("class", shown.kind);
    }
    wire.setAttribute("class", gradient.flows);
    const ahead = value.kind === "absent" ? "ahead" : "";
    const receives = index === receiver ? "receives" : "";
    group.setAttribute("class", `${ahead} ${touched.includes(index) ? active : ""} ${receives}`);
  });
  wires.forEach((wire, index) => {
    const [flow] = latest(data.legs[index], here);
    const ahead = valueOf(nodes[data.sources[index]]).kind === "absent" ? "ahead" : "";
    wire.setAttribute("class", `${FLOWS[flow] ?? ahead} ${along.has(index) ? active : ""}`);
  });
  bringIntoView(byId("graph"), touched.map((index) => drawn[index].group));
}

/** Scroll a frame, and nothing around it, so that some elements are in it: the first, and the others if they can be. */
function bringIntoView(frame, elements) {
  const outside = frame.getBoundingClientRect();
  const beyond = (start, end, first, last) => (start < first ? start - first : end > last ? end - last : 0);
  for (const one of [...elements].reverse()) {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    frame.scrollLeft += beyond(left - 20, right + 20, outside.left, outside.right);
    frame.scrollTop += beyond(top - 20, bottom + 20, outside.top, outside.bottom);
  }
}

// The equation

function heatmap([place, told, transposed]) {
  const cells = at(place), height = cells.length, width = cells[0].length;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width: width * PIXEL, height: height * PIXEL });
  picture.classList.add("heat");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", told);
  cells.forEach((letters, y) => [...letters].forEach((letter, x) => picture.append(pixel(letter, x, y))));
  return element("div", "", picture, transposed, element("div", "legend", told));
}

function pixel(letter, x, y) {
  const cell = svg("rect", { x, y, width: 1.02, height: 1.02 });
  const zero = (data.levels.length - 1) / 2, level = data.levels.indexOf(letter) - zero;
  const share = Math.round((100 * Math.abs(level)) / zero);
  cell.style.fill = data.levels.includes(letter)
    ? `color-mix(in srgb, var(${level < 0 ? "--below" : "--above"}) ${share}%, var(--zero))`
    : "var(--trouble-ground)";
  return cell;
}

function numbers(shown) {
  if (shown === null) return "";
  if (typeof shown === "string") return shown;
  if (!shown.length) return "[ ]";
  if (typeof shown[0] !== "string") return heatmap(shown);
  const rows = shown.map((row) => row.split("\t"));
  const made = element("div", "matrix", ...rows.flat().map((text) => element("span", "", text)));
  made.style.gridTemplateColumns = `repeat(${rows[0].length}, auto)`;
  return made;
}

const stacked = (kind, head, words, below) =>
  element("div", `part ${kind}`, element("div", "head", head), element("div", "word", ...words), element("div", "numbers", below));
const sign = ([between, below]) => stacked("sign", between, [], below);

function column([letter, name, place], words) {
  const told = words.map((text) => element("span", "", text));
  return stacked(data.classes[letter], math(mathml(name)), told, numbers(at(place)));
}

/** Each column together with the signs before it: where the row is too short, they stand in the next one. */
function units(columns, words) {
  const found = [element("div", "unit")];
  for (const shown of columns) {
    const last = found.at(-1), isSign = shown.length === 2;
    if (isSign && last.querySelector(":not(.sign).part")) found.push(element("div", "unit", sign(shown)));
    else last.append(isSign ? sign(shown) : column(shown, words.shift()));
  }
  return found;
}

/** A formula in a row, or in columns of symbols over numbers. */
function formula(title, shown) {
  return element("div", "", element("h3", "", title), math(shown[0] === "" ? mathml(shown[1]) : table(shown)));
}

function table(columns) {
  const cell = (column, row) => mathElement("mtd", "", ...(row in column ? [mathml(column[row])] : []));
  const rows = [0, 1].map((row) => mathElement("mtr", "", ...columns.map((column) => cell(column, row))));
  return mathElement("mtable", "", ...rows);
}

// The page

function word(name) {
  return data.words[language][name];
}

const TOLD = ["check", "", "note", ""];
const paragraph = (kind, line) => element("p", kind, ...spans(line));

function showStep() {
  const [kind, , columns, words, titles, formulas, told] = data.said[language][here];
  const [subject, code] = data.same[here];
  const said = at(told).flatMap((places, index) => places.map((line) => paragraph(TOLD[index], at(line))));
  byId("step-heading").textContent = [at(kind), at(subject).slice(1)].filter(Boolean).join(" ─ ");
  byId("equation").replaceChildren(...units(lines(columns), lines(words)));
  byId("formulas").replaceChildren(...lines(formulas).map((shown, index) => formula(at(titles)[index], shown)));
  byId("told").replaceChildren(...said);
  byId("code").textContent = at(code);
  byId("numpy").hidden = !at(code);
  letScroll();
}

/** What is wider than its place can be scrolled by keys as well. */
function letScroll() {
  for (const box of find("#formulas > div, #equation .numbers, #equation .head")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

function positionText() {
  return word("position").replace("{position}", data.first + here);
}

function showPosition() {
  const slider = byId("slider");
  slider.value = here;
  slider.setAttribute("aria-valuetext", positionText());
  byId("position").textContent = positionText();
  for (const button of find("[data-move]")) {
    const back = ["start", "back"].includes(button.dataset.move);
    button.setAttribute("aria-disabled", String(here === (back ? 0 : data.last)));
  }
}

function say() {
  const [kind, line, , , , , told] = data.said[language][here];
  const [, , notes] = at(told);
  const spoken = [positionText(), at(kind), plain(at(line)), ...notes.map((note) => plain(at(note)))];
  byId("live").textContent = spoken.join(". ");
}

function showTables() {
  const rows = find("#nodes tbody tr");
  nodes.forEach((node, index) => {
    const [, told, , ...numbers] = rows[index].children;
    told.textContent = node.told[language] ?? node.told;
    [valueOf(node), gradientOf(node)].forEach(({ text, kind }, at) => {
      numbers[at].textContent = text;
      numbers[at].className = kind;
    });
  });
  find("#steps tbody tr").forEach((row, position) => {
    row.className = position === here ? "here" : "";
    if (position === here) row.setAttribute("aria-current", "step");
    else row.removeAttribute("aria-current");
  });
  bringIntoView(find("#steps .scrolled")[0], find("#steps tr.here"));
}

function makeTables() {
  const rows = nodes.map(({ name, shape }) => {
    const head = element("th", "name", name);
    head.scope = "row";
    return element("tr", "", head, ...["", shape, "", ""].map((text) => element("td", "", text)));
  });
  find("#nodes tbody")[0].replaceChildren(...rows);
  const steps = data.said[language].map(([kind, line], position) => {
    const button = element("button", "", String(data.first + position));
    button.type = "button";
    button.setAttribute("aria-label", word("position").replace("{position}", data.first + position));
    button.addEventListener("click", () => go(position));
    const cells = [[button], [at(kind)], spans(at(line))];
    return element("tr", "", ...cells.map((inside) => element("td", "", ...inside)));
  });
  find("#steps tbody")[0].replaceChildren(...steps);
}

function show() {
  showGraph();
  showStep();
  showPosition();
  showTables();
}

/** Go to a position, as near as there is one. */
function go(position) {
  const there = Math.min(data.last, Math.max(0, position));
  if (there === here) return;
  here = there;
  history.replaceState(null, "", `#${data.first + here}`);
  show();
  say();
}

const MOVES = {
  start: () => go(0),
  back: () => go(here - 1),
  step: () => go(here + 1),
  end: () => go(data.last),
};

function speak(spoken) {
  language = document.documentElement.lang = spoken;
  for (const said of find("[data-word]")) said.textContent = word(said.dataset.word);
  for (const named of find("[data-label]")) named.setAttribute("aria-label", word(named.dataset.label));
  for (const button of find("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === spoken));
  }
  document.title = word("title");
  makeTables();
  show();
}

function shade(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("dark").setAttribute("aria-pressed", String(dark));
}

function onKey(event) {
  const move = data.moves[event.key];
  const scrolls = event.target.closest("#graph, .scrolled, pre, input, [tabindex]") && event.key.length > 1;
  if (!move || scrolls || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  MOVES[move]();
}

function fromAddress() {
  const asked = Number.parseInt(location.hash.slice(1), 10);
  if (!Number.isNaN(asked)) go(asked - data.first);
}

document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", fromAddress);
window.addEventListener("resize", letScroll);
byId("slider").addEventListener("input", (event) => go(Number(event.target.value)));
byId("dark").addEventListener("click", () => shade(document.documentElement.dataset.theme !== "dark"));
for (const button of find("[data-move]")) button.addEventListener("click", MOVES[button.dataset.move]);
for (const button of find("[data-language]")) button.addEventListener("click", () => speak(button.dataset.language));
shade(matchMedia("(prefers-color-scheme: dark)").matches);
speak(language);
fromAddress();
