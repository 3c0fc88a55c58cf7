"use strict";
// Comfort only: without this script the page says the same.
(() => {
  const comfort = document.getElementById("comfort");
  const root = document.documentElement;
  let keysOn = true;
  const button = (label, action) => {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = label;
    b.addEventListener("click", () => action(b));
    comfort.append(b);
  };
  const size = (step) => {
    const now = parseFloat(root.style.fontSize || "100");
    root.style.fontSize = Math.min(200, Math.max(80, now + step)) + "%";
  };
  const open = () => document.querySelectorAll("details").forEach((d) => { d.open = true; });
  const plain = () => document.body.classList.toggle("show-plain");
  const help = () => {
    const old = document.getElementById("keys");
    if (old) { old.remove(); return; }
    const box = document.createElement("div");
    box.id = "keys";
    box.setAttribute("role", "status");
    box.textContent = "j / k next, previous finding; ] / [ next, previous level; o outlines on, off; ? this list";
    document.body.append(box);
  };
  const jump = (selector, step) => {
    const stops = [...document.querySelectorAll(selector)];
    if (!stops.length) { return; }
    const here = stops.indexOf(document.activeElement);
    const top = window.scrollY + 1;
    const next = here >= 0 ? here + step
      : step > 0 ? stops.findIndex((s) => s.getBoundingClientRect().top + window.scrollY > top)
      : stops.findLastIndex((s) => s.getBoundingClientRect().top + window.scrollY < top);
    const stop = stops[Math.min(stops.length - 1, Math.max(0, next))];
    stop.focus();
    stop.scrollIntoView({ block: "start" });
  };
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (let e = target; e; e = e.parentElement) { if (e.tagName === "DETAILS") { e.open = true; } }
    target.scrollIntoView();
  };
  const actions = {
    j: () => jump(".card", 1), k: () => jump(".card", -1),
    "]": () => jump("section.level > h3", 1), "[": () => jump("section.level > h3", -1),
    o: plain, "?": help,
  };
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest && event.target.closest("input, textarea, select");
    if (!keysOn || field || event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) { return; }
    event.preventDefault();
    actions[event.key]();
  });
  window.addEventListener("beforeprint", open);
  window.addEventListener("hashchange", reveal);
  button("Print", () => window.print());
  button("A-", () => size(-10));
  button("A+", () => size(10));
  button("Outlines", plain);
  button("Open all", open);
  button("Keys: on", (b) => { keysOn = !keysOn; b.textContent = keysOn ? "Keys: on" : "Keys: off"; });
  button("?", help);
  comfort.hidden = false;
  reveal();
})();
