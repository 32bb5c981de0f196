// The plain-JavaScript network in a worker of its own, as Bitladder's engine is: "load" gives it the digits, "bench"
// times it.
import { serve } from "../rpc.js";
import { plainWorkloads } from "./workloads.js";

let timed;

serve(self, (method, args) => {
  if (method === "load") timed = plainWorkloads(args);
  else return timed(args.name, args.repeats);
});
