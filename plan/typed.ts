/** Commands in messages, as they work where the user types them. */

/** The variable that says what has to stand before a command; set where tools are reached through another program. */
export const PREFIX_VARIABLE = "CLUSTER_COMMAND_PREFIX";

/** What stands before commands according to an environment; undefined where they can be typed as they are. */
export const prefixIn = (env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const prefix = env[PREFIX_VARIABLE]?.trim();
  return prefix === "" ? undefined : prefix;
};

/**
 * The program behind the lab's prefix, with another of its verbs instead of `exec` and its options: `npm run cluster -- console`;
 * undefined where the prefix is not the lab's.
 */
export const beside = (prefix: string | undefined, verb: string): string | undefined =>
  prefix !== undefined && / exec( .*)?$/.test(prefix)
    ? prefix.replace(/ exec( .*)?$/, ` ${verb}`)
    : undefined;

/** Quoted texts, which are left alone, and the places where a command begins. */
const BEGINNINGS = /'[^']*'|(?:^| && )(?=\S)/g;

/** A command, or several with `&&` between, with the prefix before each of them. */
export const typed = (command: string, prefix: string | undefined): string =>
  prefix === undefined
    ? command
    : command.replace(BEGINNINGS, (found) => (found.startsWith("'") ? found : `${found}${prefix} `));
