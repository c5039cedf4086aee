// Opens the dashboard.

import { el } from "front/elements.js";

document.body.append(el("main", {}, el("h1", {}, "Dashboard")));
