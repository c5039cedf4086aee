// The theme: the system's, until the button chooses. Charts are painted, so they are told of every change.

import { el } from "front/elements.js";

const listeners = new Set();
let printing = false;

// The colours of the stylesheet, resolved for the theme that is shown.
export function colours() {
  const probe = el("span", { hidden: true });
  document.body.append(probe);
  const names = ["text", "muted", "line", "panel", "gain", "loss", "accent", "second", "warning"];
  const found = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return found;
}

export const faded = (colour, share) =>
  colour.replace(/^rgba?\(([^,]+),([^,]+),([^,)]+).*$/, `rgba($1,$2,$3,${share})`);

// Returns what takes the listener away again.
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => listeners.forEach((listener) => listener());

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function themeButton() {
  const name = () => (isDark() ? "Light" : "Dark");
  const button = el(
    "button",
    {
      type: "button",
      id: "theme",
      class: "quiet",
      title: "Change between the dark and the light theme",
      onclick: () => {
        document.documentElement.dataset.theme = isDark() ? "light" : "dark";
        button.textContent = name();
        tell();
      },
    },
    name(),
  );
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    button.textContent = name();
    tell();
  });
  return button;
}

// Paper is light, and narrower than most screens: what is painted is painted anew for it.
export function watchPrinting() {
  const before = () => {
    if (printing) return;
    printing = true;
    document.documentElement.dataset.printing = "";
    tell();
  };
  addEventListener("beforeprint", before);
  addEventListener("afterprint", () => {
    printing = false;
    delete document.documentElement.dataset.printing;
    tell();
  });
}
