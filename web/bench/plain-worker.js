// The plain-JavaScript network in a worker of its own, as Bitladder's engine is.
import { contestant } from "./contestant.js";
import { plainWorks } from "./plain-works.js";

contestant(() => ({}), (array) => {
  const works = plainWorks(array);
  return () => works;
});
