/**
 * Faults in an order that is drawn: the same number draws the same ones again. Each step strikes a cluster of three members once or twice, only
 * by what is possible then, and knows whether a majority goes on. Pure.
 */
import { createHash } from "node:crypto";

export const MEMBERS = ["dev-core01", "dev-core02", "dev-core03"] as const;
export type Name = (typeof MEMBERS)[number];

interface Rule {
  /** In words; `X` stands for the member. */
  readonly title: string;
  readonly on: "a member" | "all members" | "the host" | "nothing";
  /** Whether the members that it strikes go on, as surely as before. */
  readonly serves: boolean;
  /** Whether libvirtd is asked to do it. */
  readonly asksLibvirtd: boolean;
  /** Whether all is well once it is taken back, without `npm start`. */
  readonly passes: boolean;
  /** Nothing else is done before and after it, since it is done, or mended, with all that there is: members, libvirtd, addresses. */
  readonly isAlone?: boolean;
}

const member = { on: "a member", serves: false, asksLibvirtd: true, passes: false } as const;
const host = { on: "the host", serves: true, asksLibvirtd: false, passes: false } as const;

/** What a step may do. */
export const RULES = {
  power: { ...member, title: "X loses its power", asksLibvirtd: false },
  off: { ...member, title: "X is destroyed" },
  gone: { ...member, title: "X is destroyed and undefined" },
  undefined: { ...member, title: "X is undefined, and runs on", serves: true },
  suspended: { ...member, title: "X is suspended", passes: true },
  apart: { ...member, title: "X is cut off from the network", passes: true },
  slow: { ...member, title: "the network of X is slow", passes: true },
  rebooted: { ...member, title: "X is reset", passes: true },
  disk: { ...member, title: "X loses its disk and its power", isAlone: true },
  ignition: { ...member, title: "X's Ignition file is deleted", serves: true },
  everybody: {
    ...{ on: "all members", title: "all members lose their power" },
    ...{ serves: false, asksLibvirtd: false, passes: false },
  },
  paused: {
    ...{ on: "all members", title: "the cluster is paused and resumed" },
    ...{ serves: false, asksLibvirtd: true, passes: true, isAlone: true },
  },
  base: { ...host, title: "the base volume is deleted", asksLibvirtd: true },
  libvirtd: { ...host, title: "libvirtd is killed" },
  dhcp: { ...host, title: "the DHCP server is killed" },
  registry: { ...host, title: "the discovery registry is killed" },
  snapshot: { ...host, on: "nothing", title: "a snapshot is saved", passes: true },
} as const satisfies Readonly<Record<string, Rule>>;

export type Kind = keyof typeof RULES;

export interface Strike {
  readonly kind: Kind;
  readonly member: Name | undefined;
}

export interface Step {
  readonly strikes: readonly Strike[];
  /** Seconds from the last strike to the recovery. */
  readonly lasts: number;
  /**
   * `npm start`, also one that is killed after so many seconds and then run again; `replace` of a member whose disk is lost; or nothing but
   * what takes the strikes back.
   */
  readonly recovery:
    { readonly kind: "start" | "replace" | "itself" } | { readonly kind: "killed"; readonly after: number };
}

const rule = ({ kind }: Strike): Rule => RULES[kind];

/** Members that may not answer after these strikes. Pure. */
export const silent = (strikes: readonly Strike[]): readonly Name[] =>
  MEMBERS.filter((name) =>
    strikes.some((one) => !rule(one).serves && (rule(one).on === "all members" || one.member === name)),
  );

/** Whether more than half of the members go on after these strikes, so that writes do. */
export const hasQuorum = (strikes: readonly Strike[]): boolean => silent(strikes).length < MEMBERS.length / 2;

/** Whether it can be done after those: nothing is asked of a daemon that is gone, of a member that was struck, or of a cluster that is off. */
export function isPossible(strike: Strike, before: readonly Strike[]): boolean {
  const { on, asksLibvirtd, isAlone = false } = rule(strike);
  if ((isAlone && before.length > 0) || before.some((one) => rule(one).isAlone)) return false;
  if (before.some(({ kind }) => kind === strike.kind && on !== "a member")) return false;
  if (asksLibvirtd && before.some(({ kind }) => kind === "libvirtd")) return false;
  if (before.some((one) => rule(one).on === "all members") && on !== "the host") return false;
  switch (on) {
    case "a member":
      return !before.some((one) => one.member === strike.member);
    case "all members":
      return !before.some((one) => rule(one).on === "a member");
    case "nothing":
      return hasQuorum(before) && !before.some(({ kind }) => kind === "libvirtd");
    case "the host":
      return true;
  }
}

/** Numbers from 0 to 1, the same ones for the same seed. */
function numbers(seed: number): () => number {
  let count = 0;
  return () =>
    createHash("sha256")
      .update(`${seed} ${(count += 1)}`)
      .digest()
      .readUInt32BE() /
    2 ** 32;
}

const ALL: readonly Strike[] = (Object.keys(RULES) as Kind[]).flatMap((kind): Strike[] =>
  RULES[kind].on === "a member"
    ? MEMBERS.map((name) => ({ kind, member: name }))
    : [{ kind, member: undefined }],
);

/** Draws so many steps. */
export function drawSteps(seed: number, count: number): readonly Step[] {
  const next = numbers(seed);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  /** Each kind is as likely as any other, however many members it could be about. */
  const drawStrike = (before: readonly Strike[]): Strike | undefined => {
    const possible = ALL.filter((one) => isPossible(one, before));
    if (possible.length === 0) return undefined;
    const kind = oneOf([...new Set(possible.map((one) => one.kind))]);
    return oneOf(possible.filter((one) => one.kind === kind));
  };
  return Array.from({ length: count }, () => {
    const strikes: Strike[] = [];
    for (let left = next() < 0.5 ? 1 : 2; left > 0; left -= 1) {
      const drawn = drawStrike(strikes);
      if (drawn !== undefined) strikes.push(drawn);
    }
    const passes = strikes.every((one) => rule(one).passes);
    const lasts = between(2, 25);
    const [way, after] = [next(), between(1, 15)];
    if (strikes.some(({ kind }) => kind === "disk")) return { strikes, lasts, recovery: { kind: "replace" } };
    if (passes && way < 0.6) return { strikes, lasts, recovery: { kind: "itself" } };
    return { strikes, lasts, recovery: way < 0.75 ? { kind: "start" } : { kind: "killed", after } };
  });
}

/** A step as a line for people. */
export function describeStep({ strikes, lasts, recovery }: Step): string {
  const what = strikes.map((one) => rule(one).title.replace("X", one.member ?? "")).join(", and ");
  const then = {
    itself: "nothing is done",
    start: "npm start",
    replace: "replace",
    killed: `npm start, killed after ${recovery.kind === "killed" ? recovery.after : 0} s, and again`,
  }[recovery.kind];
  return `${what}; ${lasts} s later: ${then}`;
}
