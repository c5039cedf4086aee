// A text with the numbers of its lines, and the way from what is said of a line to the line.

import { el } from "front/elements.js";

const STEP = "    ";

/**
 * Returns { node, value(), fill(text), mark(findings), lead(line, column) } of a text of Python.
 *
 * Tab leaves it, as it leaves every field; Enter begins a line as far in as the one before, Ctrl-] and Ctrl-[ move the
 * chosen lines in and out.
 */
export function programEditor(changed = () => {}) {
  const lines = el("pre", { class: "lines", "aria-hidden": "true" });
  const area = el("textarea", {
    class: "code",
    id: "text",
    rows: 24,
    wrap: "off",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    "aria-label": "Text of the program",
    "aria-describedby": "text-note",
  });
  let [numbered, levels] = ["", new Map()];
  const number = () => {
    const count = area.value.split("\n").length;
    const known = `${count} ${[...levels].join(" ")}`;
    if (known !== numbered) {
      const rows = Array.from({ length: count }, (_, place) =>
        el("span", { class: levels.get(place + 1) ?? null }, `${place + 1}\n`),
      );
      lines.replaceChildren(...rows);
      numbered = known;
    }
    lines.scrollTop = area.scrollTop;
  };
  const edited = () => {
    levels = new Map();
    number();
    changed();
  };
  area.addEventListener("input", edited);
  area.addEventListener("scroll", () => {
    lines.scrollTop = area.scrollTop;
  });
  area.addEventListener("keydown", (event) => {
    const moved = { "]": 1, "[": -1 }[event.key];
    if (event.key === "Enter" && !event.shiftKey) begin(area);
    else if (moved && event.ctrlKey) shift(area, moved);
    else return;
    event.preventDefault();
    edited();
  });
  const fill = (text) => {
    area.value = text;
    edited();
  };
  const mark = (findings) => {
    levels = new Map(findings.filter((one) => one.level === "warning").map((one) => [one.line, "warning"]));
    for (const one of findings) if (one.level === "error") levels.set(one.line, "error");
    number();
  };
  const lead = (line, column = 1) => {
    const before = area.value.split("\n").slice(0, line - 1);
    const start = before.reduce((sum, one) => sum + one.length + 1, 0);
    const end = area.value.indexOf("\n", start);
    area.focus();
    area.setSelectionRange(start + Math.max(0, column - 1), end < 0 ? area.value.length : end);
    area.scrollTop = (line - 4) * (area.scrollHeight / Math.max(1, area.value.split("\n").length));
  };
  return { node: el("div", { class: "editor" }, lines, area), value: () => area.value, fill, mark, lead };
}

// A line begins as far in as the one before it, and a step further behind a colon.
function begin(area) {
  const line = area.value.slice(0, area.selectionStart).split("\n").pop();
  const further = line.trimEnd().endsWith(":") ? STEP : "";
  area.setRangeText(`\n${/^ */.exec(line)[0]}${further}`, area.selectionStart, area.selectionEnd, "end");
}

function shift(area, by) {
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const end = area.selectionEnd;
  const rows = area.value.slice(start, end).split("\n");
  const moved = rows.map((one) => (by > 0 ? STEP + one : one.replace(/^ {1,4}/, "")));
  area.setRangeText(moved.join("\n"), start, end, rows.length > 1 ? "select" : "end");
}

/** What a check finds, each a way to its line. */
export function findingsList({ sound, findings }, editor, name) {
  const said = sound ? "Nothing keeps it from running." : "It does not run as it stands.";
  const row = (one) =>
    el(
      "li",
      { class: one.level },
      el(
        "button",
        { type: "button", class: "quiet", onclick: () => editor.lead(one.line, one.column) },
        `${name}:${one.line}:${one.column}`,
      ),
      ` ${one.level}: ${one.what} — ${one.allowed}`,
    );
  return [
    el("p", { class: "note" }, findings.length > 0 ? said : "The check finds nothing."),
    findings.length > 0 && el("ul", { class: "findings" }, findings.map(row)),
  ].filter(Boolean);
}
