// The start of the worker of the drum view.

import { serveDrum } from "./drum_worker.js";

serveDrum(self);
