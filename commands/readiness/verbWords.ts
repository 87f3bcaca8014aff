/** The CLI's own verbs in what programs say, about the stack that they run for. Pure. */
import { beside } from "../../plan/typed.ts";

/** What the lab's other verbs need to find the same stack: ` --stack NAME`, nothing for the usual one. */
export const stackOption = (commandPrefix: string | undefined): string =>
  / exec( --stack \S+)$/.exec(commandPrefix ?? "")?.[1] ?? "";

/** `npm run cluster -- VERB WORDS`. */
export const verbWords = (commandPrefix: string | undefined, verb: string, words: string): string =>
  `${beside(commandPrefix, verb) ?? `npm run cluster -- ${verb}`}${stackOption(commandPrefix)} ${words}`;
