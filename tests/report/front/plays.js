// What test_script.py has a browser do with the page: every step of the slider, keys, axes, toggles, a click.
const is = (name) => document.querySelector(`#front [data-is="${name}"]`), plot = is("plot");
const key = (name) => plot.dispatchEvent(new KeyboardEvent("keydown", {key: name}));
out.start = is("name").textContent;
out.marks = plot.querySelectorAll("path[data-kind]").length;
out.still = getComputedStyle(document.querySelector("#front .still")).display;
const range = is("range");
out.picks = [];
for (let step = 0; step <= Number(range.max); step++) {
    range.value = step;
    range.dispatchEvent(new Event("input"));
    out.picks.push([is("tolerance").textContent, is("picks").textContent, is("command").textContent]);
}
is("reset").click();
out.reset = [is("name").textContent, is("tolerance").textContent];
plot.focus();
out.focused = document.activeElement === plot;
key("Home"); out.home = [is("name").textContent, is("live").textContent];
key("ArrowRight"); out.right = is("name").textContent;
key("Enter"); out.entered = is("live").textContent;
key("ArrowRight"); key("Escape"); out.escaped = is("name").textContent;
out.others = [];
for (const axis of is("x").options) {
    is("x").value = axis.value;
    is("x").dispatchEvent(new Event("change"));
    out.others.push([axis.value, is("y").value, plot.querySelectorAll("path[data-kind]").length]);
}
for (const toggle of document.querySelectorAll("#front [data-toggle]")) toggle.click();
out.none = plot.querySelectorAll("path[data-kind]").length;
for (const toggle of document.querySelectorAll("#front [data-toggle]")) toggle.click();
is("near").click();
const frame = plot.getBoundingClientRect(), path = plot.querySelector('path[data-kind="dense"]').getBBox();
plot.dispatchEvent(new MouseEvent("click", {clientX: frame.left + path.x + path.width / 2, clientY: frame.top + path.y + path.height / 2, bubbles: true}));
out.clicked = [is("name").textContent, is("export").hidden];
out.unlabelled = [...document.querySelectorAll("#front input, #front select, #front button")].filter((one) => !one.labels?.length && !one.textContent).length;
out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
