/** The system's users and groups, from /etc/passwd and /etc/group: the lab's daemons run as system users. */
import { readFileSync } from "node:fs";

export interface SystemUser {
  readonly id: number;
  /** The id of its first group. */
  readonly group: number;
}

const line = (file: string, name: string): string[] | undefined =>
  readFileSync(file, "utf8")
    .split("\n")
    .map((text) => text.split(":"))
    .find((fields) => fields[0] === name);

export function lookUpUser(name: string): SystemUser | undefined {
  const fields = line("/etc/passwd", name);
  return fields === undefined ? undefined : { id: Number(fields[2]), group: Number(fields[3]) };
}

/** The id of a group; undefined when there is none of that name. */
export function lookUpGroup(name: string): number | undefined {
  const fields = line("/etc/group", name);
  return fields === undefined ? undefined : Number(fields[2]);
}
