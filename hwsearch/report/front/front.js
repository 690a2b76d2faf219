"use strict";
// The front to play with. First pure functions, which tests call; then the page. Numbers and their words come from the
// page's JSON; nothing is computed here but places on the screen. No library, no request.
(() => {
const LOG_FROM = 6; // as of figures.py: an axis whose largest value is so many times its smallest is logarithmic
const THIN_FROM = 400; // marks of one kind; where there are more, those of one cell are drawn once
const CELL = 7; // pixels
const REACH = 28; // pixels from a mark in which a pointer finds it

/** Ends of an axis with room, in the axis's unit: {low, high, log}. */
function domain(values) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!values.length) return {low: 0, high: 1, log: false};
  if (low > 0 && high / low >= LOG_FROM) {
    const room = (high / low) ** 0.06;
    return {low: low / room, high: high * room, log: true};
  }
  const room = 0.08 * ((high - low) || Math.abs(high) || 1);
  return {low: low >= 0 ? Math.max(0, low - room) : low - room, high: high + room, log: false};
}

/** Place of a value between the ends of its axis, 0 to 1. */
function place({low, high, log}, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** Round numbers between the ends of an axis, at most about `most` of them. */
function ticks({low, high, log}, most) {
  const found = [];
  if (log && high / low >= 3) {
    const steps = [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];
    for (const ks of steps) {
      found.length = 0;
      for (let n = Math.floor(Math.log10(low)); n <= Math.log10(high); n++)
        for (const k of ks) found.push(n >= 0 ? k * 10 ** n : k / 10 ** -n);
      const inside = found.filter((v) => v >= low && v <= high);
      if (inside.length <= most) return inside;
    }
    const inside = found.filter((v) => v >= low && v <= high);
    const each = Math.ceil(inside.length / most);
    return inside.filter((_, i) => i % each === 0);
  }
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const size = [1, 2, 5, 10].map((k) => k * power).find((s) => (high - low) / s <= most) || 10 * power;
  for (let k = Math.ceil(low / size); k * size <= high * (1 + 1e-12); k++) found.push(Number((k * size).toPrecision(12)));
  return found;
}

/** Marks of which no two of one kind share a cell of the screen; kinds of few marks are kept whole. */
function thin(marks, from = THIN_FROM, cell = CELL) {
  const counts = new Map(), taken = new Set();
  for (const mark of marks) counts.set(mark.kind, (counts.get(mark.kind) || 0) + 1);
  return marks.filter((mark) => {
    if (counts.get(mark.kind) <= from) return true;
    const key = `${mark.kind} ${Math.floor(mark.x / cell)} ${Math.floor(mark.y / cell)}`;
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  });
}

/** The mark next to a point of the screen; null where none is within reach. The front's come before all others. */
function nearest(marks, x, y, reach = REACH) {
  let best = null, least = reach;
  for (const mark of marks) {
    const far = Math.hypot(mark.x - x, mark.y - y) - mark.radius;
    if (far <= least) [best, least] = [mark, far];
  }
  return best;
}

/** The mark that an arrow leads to: the next one to the right or left, or upwards or down. Of none, the first of all. */
function beside(marks, index, key) {
  const across = key === "ArrowRight" || key === "ArrowLeft" || key === "Home" || key === "End";
  const order = [...marks].sort((a, b) => across ? a.x - b.x || b.y - a.y || a.index - b.index : b.y - a.y || a.x - b.x || a.index - b.index);
  if (!order.length) return null;
  if (key === "Home" || key === "End") return order.at(key === "Home" ? 0 : -1);
  const at = order.findIndex((mark) => mark.index === index);
  if (at < 0) return order[0];
  const step = key === "ArrowRight" || key === "ArrowUp" ? 1 : -1;
  return order[Math.min(order.length - 1, Math.max(0, at + step))];
}

/** Corners of the line that joins the members which none beats in both quantities, by x. */
function steps(points) {
  let best = Infinity;
  return [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]).filter(([, y]) => y < best && ((best = y), true));
}

/** The path of one mark. */
function shape(name, x, y, size) {
  const r = size / 2, n = (v) => v.toFixed(1);
  const line = (...points) => points.map(([dx, dy], i) => `${i ? "L" : "M"}${n(x + r * dx)},${n(y + r * dy)}`).join("") + "z";
  if (name === "square") return `M${n(x - r)},${n(y - r)}h${size}v${size}h${-size}z`;
  if (name === "triangle") return line([0, -1], [1, 0.8], [-1, 0.8]);
  if (name === "diamond") return line([0, -1], [1, 0], [0, 1], [-1, 0]);
  if (name === "cross") return `M${n(x - r)},${n(y - r)}l${size},${size}m0,${-size}l${-size},${size}`;
  if (name === "rim") return `M${n(x)},${n(y - 4)}v8`;
  if (name === "star") return line(...Array.from({length: 10}, (_, i) => {
    const a = Math.PI * (i / 5 - 0.5), far = i % 2 ? 0.42 : 1;
    return [far * Math.cos(a), far * Math.sin(a)];
  }));
  return `M${n(x - r)},${n(y)}a${r},${r} 0 1,0 ${size},0a${r},${r} 0 1,0 ${-size},0`;
}

/** Values of a quantity in the unit of its axis, for some points. */
const onAxis = (data, axis, i) => {
  const value = data.points.value[axis.name][i];
  return value === null ? null : value / axis.size;
};

/** What is drawn of the candidates in a box of the screen: {marks, x, y, unknown, hidden}; x and y are domains.
 *
 * state: {x, y: names of axes, on: names of kinds, near: whether the front alone sets the ends}.
 */
function scatter(data, state, box) {
  const axis = (name) => data.axes.find((one) => one.name === name);
  const [xa, ya] = [axis(state.x), axis(state.y)], kinds = data.kinds.map((kind) => kind.name);
  const shown = data.points.kind.map((_, i) => i).filter((i) => state.on.has(kinds[data.points.kind[i]]));
  const ends = (a) => {
    const main = (i) => ["front", "dense"].includes(kinds[data.points.kind[i]]);
    const set = state.near && shown.some(main) ? shown.filter(main) : shown;
    const known = set.map((i) => onAxis(data, a, i)).filter((v) => v !== null);
    if (a.budget !== null && !state.near) known.push(a.budget / a.size);
    return domain(known);
  };
  const x = ends(xa), y = ends(ya), marks = [];
  let unknown = 0, hidden = 0;
  for (const i of shown) {
    const kind = data.points.kind[i], vx = onAxis(data, xa, i), vy = onAxis(data, ya, i);
    // a candidate over a budget was not trained: it has costs, and no error
    const rim = kinds[kind] === "over" && (vx === null ? xa.name === "error" && vy !== null : vy === null && ya.name === "error");
    if ((vx === null || vy === null) && !rim) { unknown++; continue; }
    const px = vx === null ? 0.985 : place(x, vx), py = vy === null ? 0.985 : place(y, vy);
    if (!(px >= -1e-9 && px <= 1 + 1e-9 && py >= -1e-9 && py <= 1 + 1e-9)) { hidden++; continue; }
    marks.push({index: i, kind, rim, x: box.left + px * box.width, y: box.top + (1 - py) * box.height, radius: data.kinds[kind].size / 2});
  }
  return {marks: thin(marks), x, y, xa, ya, unknown, hidden, placed: marks.length};
}

/** The trial that is picked at a step of the slider; without a slider the run's own pick. */
const picked = (data, step) => data.tolerance ? data.tolerance.steps[step].trial : data.pick;

/** The command that exports a candidate; empty where there is nothing to export. */
const command = (data, i) => data.points.exports[i] ? `${data.command[0]}${data.points.trial[i]}${data.command[1]}` : "";

/** What a candidate is, in a line. */
function named(data, i) {
  const trial = data.points.trial[i];
  return trial === null ? "The dense reference" : `Trial ${trial}`;
}

/** What is told of a candidate: pairs of a name and a value. */
function told(data, i) {
  const guess = data.kinds[data.points.kind[i]].name === "predicted" || !data.points.exports[i] && data.kinds[data.points.kind[i]].name === "over";
  const words = (axis) => axis.name === "error" ? axis.title : axis.short[0].toUpperCase() + axis.short.slice(1);
  const lines = data.axes.map((axis) => [words(axis), data.points.text[axis.name][i] + (guess && data.points.value[axis.name][i] !== null ? " (predicted)" : "")]);
  const test = data.points.test[i];
  return test ? [...lines.slice(0, 1), ["Test accuracy", test], ...lines.slice(1)] : lines;
}

if (typeof module === "object") {
  module.exports = {domain, place, ticks, thin, nearest, beside, steps, shape, scatter, picked, command, named, told};
  return;
}

// ---- the page ----
const root = document.getElementById("front");
const find = (name) => root.querySelector(`[data-is="${name}"]`);
const data = JSON.parse(document.getElementById("front-data").textContent);
const plot = find("plot"), live = find("live"), kinds = data.kinds.map((kind) => kind.name);
const whole = new Intl.NumberFormat("en-GB"), three = new Intl.NumberFormat("en-GB", {maximumSignificantDigits: 4});
const state = {x: data.x, y: data.y, on: new Set(kinds), near: false, step: data.tolerance ? data.tolerance.start : 0, selected: null, focus: null, following: true};
let drawn = {marks: []};

function make(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
const indexOf = (trial) => trial === null ? null : data.points.trial.findIndex((one, i) => one === trial && kinds[data.points.kind[i]] === "front");
const pickIndex = () => { const at = indexOf(picked(data, state.step)); return at === -1 ? null : at; };

const wide = () => Math.round(plot.getBoundingClientRect().width);

function draw() {
  const width = Math.max(280, wide()), height = Math.round(Math.min(520, Math.max(330, 0.62 * width)));
  const box = {left: 58, top: 26, width: width - 58 - 14, height: height - 26 - 48};
  drawn = {...scatter(data, state, box), box, width};
  plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
  plot.setAttribute("height", height);
  plot.replaceChildren();
  drawAxis("x", drawn.x, drawn.xa, box);
  drawAxis("y", drawn.y, drawn.ya, box);
  const clip = make("svg", {x: box.left, y: box.top, width: box.width, height: box.height, viewBox: `${box.left} ${box.top} ${box.width} ${box.height}`, overflow: "hidden"});
  plot.append(clip);
  const labels = make("g", {});
  drawLimits(clip, labels, box);
  const members = drawn.marks.filter((mark) => kinds[mark.kind] === "front");
  const corners = steps(members.map((mark) => [mark.x, -mark.y])).map(([x, y]) => [x, -y]);
  if (corners.length > 1) clip.append(make("path", {class: "line", d: corners.map(([x, y], i) => i ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `M${x.toFixed(1)},${y.toFixed(1)}`).join("")}));
  data.kinds.forEach((kind, k) => {
    const of = drawn.marks.filter((mark) => mark.kind === k);
    if (!of.length) return;
    const d = of.map((mark) => shape(mark.rim ? "rim" : kind.shape, mark.x, mark.y, kind.size)).join("");
    plot.append(make("path", {d, stroke: kind.colour, fill: kind.filled ? kind.colour : "none", "stroke-width": 1.5, "data-kind": kind.name}));
  });
  plot.append(labels, make("g", {"data-is": "rings"}));
  drawRings();
  caption();
}

function drawAxis(side, ends, axis, box) {
  const across = side === "x", base = box.top + box.height;
  for (const tick of ticks(ends, across ? box.width / 62 : box.height / 40)) {
    const at = place(ends, tick), x = box.left + at * box.width, y = box.top + (1 - at) * box.height;
    plot.append(make("path", {class: "grid", d: across ? `M${x.toFixed(1)},${box.top}v${box.height}` : `M${box.left},${y.toFixed(1)}h${box.width}`}));
    plot.append(make("text", across ? {x, y: base + 17, "text-anchor": "middle"} : {x: box.left - 7, y: y + 4, "text-anchor": "end"}, three.format(tick)));
  }
  plot.append(make("path", {class: "axis", d: across ? `M${box.left},${base}h${box.width}` : `M${box.left},${box.top}v${box.height}`}));
  const title = `${axis.title} (${axis.unit || "count"}${ends.log ? ", log" : ""})`;
  plot.append(make("text", across ? {class: "title", x: box.left + box.width / 2, y: base + 39, "text-anchor": "middle"}
    : {class: "title", x: 2, y: 13}, title));
}

/** Dashed lines: the study's budgets, and the error that the tolerance allows. */
function drawLimits(clip, labels, box) {
  const line = (side, ends, value, text, name) => {
    const at = place(ends, value);
    if (!(at >= 0 && at <= 1)) return;
    const x = box.left + at * box.width, y = box.top + (1 - at) * box.height, end = at > 0.6;
    clip.append(make("path", {class: `limit ${name}`, d: side === "x" ? `M${x.toFixed(1)},${box.top}v${box.height}` : `M${box.left},${y.toFixed(1)}h${box.width}`}));
    labels.append(make("text", side === "x" ? {class: `limit ${name}`, x: x + (end ? -5 : 5), y: box.top + (name === "budget" ? 26 : 42), "text-anchor": end ? "end" : "start"}
      : {class: `limit ${name}`, x: box.left + box.width - 5, y: y - 5, "text-anchor": "end"}, text));
  };
  for (const [side, ends, axis] of [["x", drawn.x, drawn.xa], ["y", drawn.y, drawn.ya]]) {
    if (axis.budget !== null) line(side, ends, axis.budget / axis.size, `budget ${axis.budget_words}`, "budget");
    if (axis.name === "error" && data.tolerance) line(side, ends, (1 - data.tolerance.steps[state.step].floor) / axis.size, "accurate enough up to here", "floor");
  }
}

function drawRings() {
  const rings = plot.querySelector('[data-is="rings"]');
  if (!rings) return;
  rings.replaceChildren();
  const ring = (index, name, radius) => {
    const mark = drawn.marks.find((one) => one.index === index);
    if (mark) rings.append(make("circle", {class: name, cx: mark.x, cy: mark.y, r: radius}));
    return mark;
  };
  ring(pickIndex(), "pick", 11);
  ring(state.selected, "selected", 15);
  const mark = state.focus === null ? null : ring(state.focus, "focus", 15);
  if (!mark) return;
  const end = mark.x > drawn.box.left + 0.75 * drawn.box.width;
  rings.append(make("text", {class: "name", x: mark.x + (end ? -20 : 20), y: Math.max(mark.y - 10, drawn.box.top + 12), "text-anchor": end ? "end" : "start"}, named(data, mark.index)));
}

function caption() {
  const stands = drawn.placed - drawn.marks.length, said = [`Drawn: ${whole.format(drawn.marks.length)} of ${whole.format(data.points.trial.length)} candidates and reference.`];
  if (stands) said.push(`${whole.format(stands)} more lie under marks of their own kind.`);
  if (drawn.unknown) said.push(`${whole.format(drawn.unknown)} have no known value on one of these axes.`);
  if (drawn.hidden) said.push(`${whole.format(drawn.hidden)} lie outside.`);
  if (drawn.marks.some((mark) => mark.rim)) said.push("Strokes at the rim: candidates over a budget, at their predicted cost; they were not trained and have no accuracy.");
  if (data.left_out) said.push(`Never drawn: ${data.left_out}.`);
  find("caption").textContent = said.join(" ");
}

/** Show a candidate beside the plot; null: say how to choose one. */
function show(index) {
  const body = find("told"), text = index === null ? "" : command(data, index);
  find("name").textContent = index === null ? "No candidate" : `${named(data, index)}: ${index === pickIndex() ? "the pick" : data.kinds[data.points.kind[index]].label}`;
  find("knobs").textContent = index === null ? "Point at a mark, click it, or use the arrow keys in the plot." : data.points.knobs[index];
  body.replaceChildren(...(index === null ? [] : told(data, index)).flatMap(([name, value]) => {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    [dt.textContent, dd.textContent] = [name, value];
    return [dt, dd];
  }));
  find("said").textContent = index === null ? "" : data.points.said[index];
  find("command").textContent = text;
  find("export").hidden = !text;
  find("copied").textContent = "";
}

const axesOf = (i) => [state.x, state.y].map((name) => `${data.axes.find((axis) => axis.name === name).short} ${data.points.text[name][i]}`).join(", ");
const say = (i, more) => { live.textContent = `${named(data, i)}, ${data.kinds[data.points.kind[i]].label}${i === pickIndex() ? ", the pick" : ""}: ${axesOf(i)}.${more}`; };

function select(index) {
  state.selected = index;
  state.following = index === pickIndex();
  show(index);
  drawRings();
  if (index !== null) say(index, command(data, index) ? ` Selected. ${command(data, index)}` : " Selected. It cannot be exported.");
}

function slide() {
  const step = data.tolerance.steps[state.step], pick = pickIndex(), range = find("range");
  const words = pick === null ? data.tolerance.none : `${named(data, pick)}, ${axesOf(pick)}`;
  find("tolerance").textContent = step.words;
  find("picks").textContent = `${pick === null ? "Nothing is picked" : "Picked"}: ${words}.`;
  range.setAttribute("aria-valuetext", `${step.words}: ${words}`);
  find("reset").disabled = state.step === data.tolerance.start;
  if (state.following) { state.selected = pick; show(pick); }
  draw();
}

function pointer(event) {
  const frame = plot.getBoundingClientRect();
  return nearest(drawn.marks, event.clientX - frame.left, event.clientY - frame.top);
}

function hover(index) {
  if (state.focus === index) return;
  state.focus = index;
  show(index === null ? state.selected : index);
  drawRings();
}

async function copy() {
  const code = find("command"), note = find("copied");
  try {
    await navigator.clipboard.writeText(code.textContent);
    note.textContent = "Copied.";
  } catch {
    // a page that was opened from a file may not be allowed to
    getSelection().selectAllChildren(code);
    note.textContent = "Selected: press Ctrl+C (on a Mac Cmd+C).";
  }
}

plot.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") hover(pointer(event)?.index ?? null); });
plot.addEventListener("pointerleave", () => hover(null));
plot.addEventListener("click", (event) => { const mark = pointer(event); if (mark) select(mark.index); });
plot.addEventListener("keydown", (event) => {
  if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
    const mark = beside(drawn.marks, state.focus ?? state.selected, event.key);
    if (mark) { hover(mark.index); say(mark.index, ""); }
  } else if ((event.key === "Enter" || event.key === " ") && state.focus !== null) select(state.focus);
  else if (event.key === "Escape") hover(null);
  else return;
  event.preventDefault();
});
plot.addEventListener("blur", () => hover(null));
for (const side of ["x", "y"]) find(side).addEventListener("change", (event) => {
  const other = side === "x" ? "y" : "x", before = state[side];
  state[side] = event.target.value;
  if (state[other] === state[side]) { state[other] = before; find(other).value = before; }
  if (data.tolerance) slide(); else draw();
});
for (const toggle of root.querySelectorAll("[data-toggle]")) toggle.addEventListener("change", () => {
  state.on[toggle.checked ? "add" : "delete"](toggle.dataset.toggle);
  draw();
});
find("near").addEventListener("change", (event) => { state.near = event.target.checked; draw(); });
find("copy").addEventListener("click", copy);
if (data.tolerance) {
  find("range").addEventListener("input", (event) => { state.step = Number(event.target.value); slide(); live.textContent = find("picks").textContent; });
  find("reset").addEventListener("click", () => { find("range").value = state.step = data.tolerance.start; slide(); find("range").focus(); });
}
root.classList.add("plays");
state.selected = pickIndex();
show(state.selected);
if (data.tolerance) slide(); else draw();
// a page in print has no plot
new ResizeObserver(() => { if (wide() && wide() !== drawn.width) draw(); }).observe(plot);
})();
