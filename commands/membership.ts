/**
 * A member that joins a running cluster or leaves it; run by Command resources, parameters in the environment (see
 * membership/settings.ts):
 *   join      before its machine is made: adds it to the members' list, once the others are a healthy cluster; prints what it must be
 *             told as one line of JSON
 *   withdraw  when what `join` did is undone: takes an entry out that nobody has taken yet; never fails
 *   start     when its machine is there: waits until it has started and has its data and its vote
 *   leave     before its machine goes: takes it out of the list, where the others are a majority without it
 *   keep      prints what was printed before
 */
import { join } from "./membership/join.ts";
import { leave, withdraw } from "./membership/leave.ts";
import { joinedOf, membershipSettings } from "./membership/settings.ts";
import { sourcesOf } from "./membership/sources.ts";
import { start } from "./membership/start.ts";
import { keep, required, runProgram, say } from "./program.ts";

await runProgram({
  join: async (env) => {
    const settings = membershipSettings(env);
    return JSON.stringify(await join(settings, sourcesOf(settings)));
  },
  withdraw: async (env) => {
    const settings = membershipSettings(env);
    try {
      await withdraw(settings, joinedOf(env["PULUMI_COMMAND_STDOUT"] ?? ""), sourcesOf(settings));
    } catch (error) {
      say(`${settings.member.name}: its entry in the members' list was not looked at (${String(error)})`);
    }
    return "";
  },
  start: async (env) => {
    const settings = membershipSettings(env);
    return JSON.stringify(await start(settings, joinedOf(required(env, "JOINED")), sourcesOf(settings)));
  },
  leave: async (env) => {
    const settings = membershipSettings(env);
    await leave(settings, joinedOf(required(env, "JOINED")), sourcesOf(settings));
    return "";
  },
  keep,
});
