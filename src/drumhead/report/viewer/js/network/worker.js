// The worker in which a page's network runs: ./serve.js has its messages.

import { serve } from "./serve.js";

serve(self);
