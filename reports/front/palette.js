// Colours of what stands beside each other: runs, members, paths. They are told apart on both themes.

import { el } from "front/elements.js";

const COLOURS = ["#3d7fe0", "#e08a2e", "#2fa56f", "#9b5de5", "#e0475f", "#b89a00", "#1aa5b8", "#7d8a99"];

export const colourOf = (place) => COLOURS[place % COLOURS.length];

export const swatch = (place) => el("i", { class: "swatch", style: `background: ${colourOf(place)}` });
