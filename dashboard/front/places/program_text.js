// The text of a program: written, checked, kept as versions of which each can be looked at and kept again.

import { ask, part, send } from "front/board/client.js";
import { select, text } from "front/board/fields.js";
import { settled } from "front/board/pace.js";
import { button, confirmed, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, keep } from "front/board/routes.js";
import { guard } from "front/board/unsaved.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { findingsList, programEditor } from "front/places/program_editor.js";

const FIRST = `def decide(market, account, trigger):
    if trigger.symbol in account.positions:
        return None
    rsi = market.get_indicator(trigger.symbol, "rsi(14)")["value"]
    price = market.get_current_prices()[trigger.symbol]
    if rsi is not None and rsi < 30:
        return Decision("buy", stop=price * 0.98, targets=[price * 1.03], reason="oversold")
    return None
`;
const NOTE_SHOWN = 40;

/** What was typed and not kept, by program, with the version it rests on, for as long as the page is open. */
export const drafts = new Map();
guard(() => drafts.size > 0);

/** The text with its check and its versions: { node, state, value(), stored() }; `stored()` keeps what was changed. */
export function textPart(name, kept, templates, at) {
  let latest = kept;
  const state = el("span", { class: "note", role: "status", id: "program-state" });
  const findings = el("div", { id: "findings" });
  const reads = el("p", { class: "note", id: "reads" });
  const older = el("div", { id: "older" });
  const versions = select([], { id: "version", "aria-label": "Version", onchange: () => to(versions.value) });
  const changed = () => latest === null || editor.value() !== latest.text;
  const newest = () => latest?.versions[0]?.version ?? 0;
  const draft = at.values.version ? undefined : drafts.get(name);
  let rested = draft?.rested ?? newest();
  const show = (told) => {
    editor.mark(told.findings);
    findings.replaceChildren(...findingsList(told, editor, name));
    reads.textContent = readsText(told.reads);
  };
  const check = async () => {
    const body = { text: editor.value() };
    show(await ask("programs/check", { method: "POST", body, signal: at.signal }));
  };
  // A server that changes nothing checks nothing either: what was found of the kept text stays beside it, and beside no
  // other.
  const unchecked = () => {
    if (!changed()) return show(latest);
    findings.replaceChildren(el("p", { class: "note" }, "Not checked: this server changes nothing."));
    reads.textContent = "";
  };
  const soon = settled(() => check().catch((error) => (error.status === 403 ? unchecked() : tell(error))), 400);
  const tellState = () => {
    const said = latest === null ? "not kept yet" : changed() ? badge("changed", "accent") : `version ${latest.version}`;
    state.replaceChildren(said);
    older.replaceChildren(...(latest !== null && latest.version < newest() ? [olderPart(latest, newest(), to)] : []));
  };
  let typed = false;
  const editor = programEditor(() => {
    // Who only looks at an older version loses nothing of what he was writing.
    if (changed()) drafts.set(name, { text: editor.value(), rested });
    else if (typed) drafts.delete(name);
    typed = changed();
    tellState();
    soon();
  });
  const to = (version) => go(["programs", name], { version });
  const fillVersions = () => {
    versions.replaceChildren(...(latest?.versions ?? []).map(versionOption));
    versions.hidden = newest() < 2;
    if (latest) versions.value = latest.version;
  };
  const note = text({
    id: "program-note",
    maxlength: 500,
    placeholder: "what is to be known of it",
    "aria-label": "Note",
  });
  const keepText = async () => {
    const body = { text: editor.value(), note: note.value.trim() || undefined, after: rested };
    try {
      latest = await send("PUT", `programs/${part(name)}`, body);
    } catch (error) {
      // Whoever was told that another version came first keeps his own by keeping it once more.
      if (error.status === 409) rested = await lastVersion(name, at);
      throw error;
    }
    rested = newest();
    if (at.values.version) {
      delete at.values.version;
      keep(["programs", name], at.values);
    }
    note.value = "";
    drafts.delete(name);
    fillVersions();
    show(latest);
    tellState();
    return latest;
  };
  keptByKey(keepText, at);
  const remove = button(
    "Remove",
    async () => {
      const explained = "Runs and sessions of it stay: each has its own copy.";
      if (!(await confirmed(`Remove program ${name}?`, explained, "Remove"))) return;
      await send("DELETE", `programs/${part(name)}`);
      drafts.delete(name);
      go(["programs"]);
    },
    { kind: "danger", id: "remove" },
  );
  const ways = el(
    "div",
    { class: "controls" },
    button("Keep", keepText, { kind: "main", id: "keep", title: "Ctrl-S" }),
    button("Check", check, { id: "check" }),
    note,
    versions,
    templateChoice(templates, editor, () => changed() && drafts.has(name)),
    kept && remove,
  );
  editor.fill(draft?.text ?? kept?.text ?? FIRST);
  if (kept === null && draft === undefined) drafts.delete(name); // Every new one begins so: nobody has typed it.
  fillVersions();
  if (kept && draft === undefined) show(kept);
  const about = el(
    "p",
    { class: "note", id: "text-note" },
    "Tab leaves the text; Ctrl-] and Ctrl-[ move lines in and out; Ctrl-S keeps it.",
  );
  return {
    node: el("div", {}, older, editor.node, about, ways, findings, reads),
    state,
    stored: () => (changed() ? keepText() : latest),
    value: editor.value,
  };
}

// 0 where there is none by now.
const lastVersion = async (name, { signal }) =>
  (await ask("programs", { signal })).find((one) => one.name === name)?.version ?? 0;

function versionOption({ version, saved, note }) {
  const said = note && note.length > NOTE_SHOWN ? `${note.slice(0, NOTE_SHOWN)}…` : note;
  return el("option", { value: version }, [`version ${version}`, when(saved), said].filter(Boolean).join(", "));
}

// Keep makes of an older text the newest version: that is how it is restored.
const olderPart = ({ version, saved }, newest, to) =>
  el(
    "div",
    { class: "controls older" },
    el("span", {}, `Version ${version} of ${newest}, of ${when(saved)}. Keep makes it version ${newest + 1}.`),
    el("button", { type: "button", onclick: () => document.getElementById("keep").click() }, "Restore it"),
    el("button", { type: "button", class: "quiet", onclick: () => to(undefined) }, "To the newest"),
  );

function keptByKey(keepText, at) {
  const kept = guarded(keepText);
  const pressed = (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (!event.repeat) kept();
  };
  document.addEventListener("keydown", pressed);
  at.onLeave(() => document.removeEventListener("keydown", pressed));
}

// The examples, one of which may take the place of the text.
function templateChoice(templates, editor, typed) {
  const begin = select([["", "Begin from an example"], ...templates.map((one) => [one.name, one.name])], {
    id: "template",
    "aria-label": "Begin from an example",
    title: templates.map((one) => `${one.name}: ${one.title}`).join("\n"),
  });
  begin.hidden = templates.length === 0;
  begin.addEventListener("change", async () => {
    const chosen = templates.find((one) => one.name === begin.value);
    begin.value = "";
    if (!chosen) return;
    const sure = !typed() || (await confirmed("Replace the text?", "What was typed is not kept.", "Replace it"));
    if (sure) editor.fill(chosen.text);
  });
  return begin;
}

function readsText({ indicators, klines, flows, regimes }) {
  const on = ([name, period]) => (period ? `${name} on ${period}` : name);
  const read = [
    ...Object.entries(klines).map(([period, most]) => on([`${most} candles`, period])),
    ...indicators.map(on),
    ...flows.map(on),
    ...regimes.map((period) => on(["regime", period])),
  ];
  return read.length > 0 ? `It reads ${read.join(", ")}.` : "";
}
