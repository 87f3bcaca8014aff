/** What the verbs `replace` and `roll` write down. */
import { parseRejoin } from "../rejoin.ts";
import type { RejoinPlan } from "../types.ts";
import { checkedText, type Checked } from "./parts.ts";

export const rejoin = checkedText((value): Checked<RejoinPlan> => {
  const found = parseRejoin(value);
  if (found !== undefined) return { value: found };
  return { expected: "what the verbs replace and roll wrote there, or not set", remove: true };
});
