// Opens the dashboard.

import { openBoard } from "front/board/board.js";

openBoard(document.body);
