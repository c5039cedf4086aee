// Elements of HTML and SVG. Text always becomes a text node: nothing that a run says can become markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    // Rules of a page may forbid styles that stand in markup; those that a script sets are none of it.
    else if (name === "style") node.style.cssText = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

export const el = (tag, properties = {}, ...children) => filled(document.createElement(tag), properties, children);

export const svg = (tag, properties = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), properties, children);

// A part of the page under a heading; the navigation leads to it by its short name.
export function section(id, short, title, ...children) {
  return el("section", { id, class: "card", "data-title": short }, el("h2", {}, title), ...children);
}

// A box whose content is drawn for its width, and anew whenever that changes.
export function drawnToWidth(draw, properties = {}) {
  const box = el("div", { ...properties, class: `drawing ${properties.class ?? ""}` });
  let drawn = 0;
  const observer = new ResizeObserver(() => {
    const width = Math.floor(box.clientWidth);
    if (width > 0 && width !== drawn) {
      drawn = width;
      box.replaceChildren(draw(width));
    }
  });
  observer.observe(box);
  return box;
}

export function choice(label, options, chosen) {
  const select = el(
    "select",
    { "aria-label": label, onchange: () => chosen(select.value) },
    options.map(([value, text]) => el("option", { value }, text)),
  );
  return select;
}
