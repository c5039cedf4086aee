// Fields of forms, and forms made of a JSON schema.

import { el } from "front/elements.js";

let numbered = 0;

/** A control under its label, with what is to be known of it below. */
export function field(label, control, note = "") {
  numbered += 1;
  const id = (control.id ||= `field-${numbered}`);
  if (note) control.setAttribute("aria-describedby", `${id}-note`);
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, label),
    control,
    note && el("small", { id: `${id}-note` }, note),
  );
}

export const text = (properties = {}) => el("input", { type: "text", autocomplete: "off", ...properties });
export const figure = (properties = {}) =>
  el("input", { type: "number", step: "any", inputmode: "decimal", ...properties });
export const date = (properties = {}) => el("input", { type: "date", ...properties });

/** A choice of [value, text] pairs. */
export function select(options, properties = {}) {
  return el(
    "select",
    properties,
    options.map(([value, said]) => el("option", { value }, said)),
  );
}

/** Words of a list, as they are typed: with commas or spaces between. */
export const words = (typed) => typed.split(/[\s,;]+/).filter(Boolean);

/** What a field of a number holds; undefined where it is empty. */
export const numberOf = (control) => (control.value.trim() === "" ? undefined : Number(control.value));

/**
 * Returns { node, value() } of a JSON schema of an object and of values to begin with.
 *
 * Nested objects are groups, what may be null is left empty for it, choices are choices; what no control fits is
 * written as JSON. `value()` raises an error that names the field which cannot be read.
 */
export function schemaForm(schema, values = {}) {
  return group(schema, values ?? {}, schema.$defs ?? {}, "");
}

function group(schema, values, defs, path) {
  const made = Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const whole = resolved(one, defs);
    return [name, entry(name, whole, values[name] ?? whole.default, defs, path ? `${path}.${name}` : name)];
  });
  const required = new Set(schema.required ?? []);
  return {
    node: el(
      "div",
      { class: "fields" },
      made.map(([, one]) => one.node),
    ),
    value: () =>
      Object.fromEntries(
        made.map(([name, one]) => [name, one.value()]).filter(([name, one]) => one !== undefined || required.has(name)),
      ),
  };
}

/** A reference followed, and "this or null" as this with `nullable`. */
export function resolved(schema, defs) {
  const { $ref: reference, ...own } = schema;
  let found = reference ? { ...defs[reference.split("/").pop()], ...own } : own;
  if (found.allOf?.length === 1) found = { ...resolved(found.allOf[0], defs), ...found, allOf: undefined };
  const ways = found.anyOf ?? found.oneOf;
  if (!ways) return found;
  const rest = ways.filter((one) => one.type !== "null");
  const nullable = rest.length < ways.length;
  if (rest.length !== 1) return { ...found, nullable };
  return { ...resolved(rest[0], defs), ...found, anyOf: undefined, oneOf: undefined, nullable };
}

function entry(name, schema, value, defs, path) {
  const label = name.replaceAll("_", " ");
  const note = [schema.description, bounds(schema)].filter(Boolean).join(" ");
  if (schema.type === "object" && schema.properties && !schema.nullable) {
    const inside = group(schema, value ?? {}, defs, path);
    return { ...inside, node: el("fieldset", {}, el("legend", {}, label), note && el("small", {}, note), inside.node) };
  }
  const { control, value: read } = controlOf(schema, value, path);
  control.dataset.field = path;
  return { node: field(label, control, note), value: read };
}

function controlOf(schema, value, path) {
  const choices = schema.enum ?? (schema.const !== undefined ? [schema.const] : null);
  if (choices) return chosen(choices, schema.nullable, value);
  if (schema.type === "boolean") return ticked(schema.nullable, value);
  if (schema.type === "integer" || schema.type === "number") return numeric(schema, value);
  if (schema.type === "string") return typed(schema, value);
  if (schema.type === "array" && ["string", "number", "integer"].includes(schema.items?.type))
    return listed(schema, value);
  return written(value, path);
}

function chosen(choices, nullable, value) {
  const none = nullable ? [["", "none"]] : [];
  const control = select([...none, ...choices.map((one, place) => [String(place), String(one)])]);
  const at = choices.indexOf(value);
  control.value = at < 0 ? (nullable ? "" : "0") : String(at);
  return { control, value: () => (control.value === "" ? null : choices[Number(control.value)]) };
}

function ticked(nullable, value) {
  if (nullable) return chosen([true, false], true, value);
  const control = el("input", { type: "checkbox", checked: value === true });
  return { control, value: () => control.checked };
}

function numeric(schema, value) {
  const whole = schema.type === "integer";
  const control = figure({
    step: whole ? "1" : "any",
    inputmode: whole ? "numeric" : "decimal",
    min: schema.minimum,
    max: schema.maximum,
    value: value ?? "",
    placeholder: schema.nullable ? "none" : null,
    required: !schema.nullable,
  });
  return { control, value: () => (control.value === "" ? null : Number(control.value)) };
}

function typed(schema, value) {
  const control = text({ value: value ?? "", placeholder: schema.nullable ? "none" : null });
  return { control, value: () => (control.value === "" && schema.nullable ? null : control.value) };
}

function listed(schema, value) {
  const control = text({ value: (value ?? []).join(", ") });
  const read = (one) => (schema.items.type === "string" ? one : Number(one));
  return {
    control,
    value: () => (control.value.trim() === "" && schema.nullable ? null : words(control.value).map(read)),
  };
}

function written(value, path) {
  const control = el("textarea", { rows: 2, spellcheck: "false", class: "code" });
  control.value = value === undefined ? "" : JSON.stringify(value);
  return { control, value: () => (control.value.trim() === "" ? undefined : jsonOf(control.value, path)) };
}

/** Returns what JSON says; an error that names the field where it says nothing. */
export function jsonOf(said, name) {
  try {
    return JSON.parse(said);
  } catch {
    throw new Error(`${name}: is not JSON — allowed: a value such as 5, "text", [1, 2] or {"key": 1}`);
  }
}

function bounds(schema) {
  const told = [
    schema.minimum !== undefined && `at least ${schema.minimum}`,
    schema.exclusiveMinimum !== undefined && `above ${schema.exclusiveMinimum}`,
    schema.maximum !== undefined && `at most ${schema.maximum}`,
    schema.exclusiveMaximum !== undefined && `below ${schema.exclusiveMaximum}`,
  ].filter(Boolean);
  return told.length > 0 ? `(${told.join(", ")})` : "";
}
