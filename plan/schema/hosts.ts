/** The libvirt hosts that a cluster is spread over. */
import * as z from "zod/mini";
import { connectionFault, isHostName, proposeHostName } from "../connections.ts";
import { quote } from "../remedies.ts";
import { bridge, poolPath } from "./network.ts";
import {
  checkedText,
  forward,
  fromJson,
  isMap,
  refuse,
  wholeNumber,
  type Checked,
  type IssueParams,
} from "./parts.ts";

export const EXAMPLE_URI = "qemu+ssh://root@second.example/system";

/** More are no use to the most nodes that a cluster can have. */
const MAX_HOSTS = 99;

const FORM = `the connection URI of a libvirt host, such as qemu:///system or ${EXAMPLE_URI}`;

const formAnd = (said: string): string => (said === "" ? FORM : `${FORM}; ${said}`);

const uri = checkedText((value): Checked<string> => {
  const fault = connectionFault(value);
  if (fault === undefined) return { value };
  const { says, discreet, meant } = fault;
  return {
    ...{ expected: formAnd(says), discreet: formAnd(discreet) },
    ...(meant === undefined ? {} : { word: quote(meant) }),
  };
});

const name = checkedText((value): Checked<string> =>
  isHostName(value)
    ? { value }
    : {
        expected: "a short name of a-z, 0-9 and -, beginning and ending with a letter or digit",
        word: proposeHostName(value, []),
      },
);

/** What is said of one host. */
export const hostEntry = z.strictObject({
  uri,
  name: z.optional(name),
  bridge: z.optional(bridge),
  weight: z.optional(wholeNumber(1, 1000)),
  poolPath: z.optional(poolPath),
});

export type HostEntry = z.output<typeof hostEntry>;

/** An entry as it is meant: a text is the host's URI, and a part that has no value is not there. */
export function plainHost(given: unknown): unknown {
  const value = fromJson(given);
  if (typeof value === "string") return { uri: value };
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null && part !== ""));
}

/** Examples for URIs that nothing can be made of: each another host, and none that is in the list. */
function examples(list: readonly unknown[]): () => string {
  const taken = JSON.stringify(list).toLowerCase();
  const free = ["second.example", ...Array.from({ length: MAX_HOSTS }, (_, at) => `host-${at + 2}.example`)]
    .filter((host) => !taken.includes(host))
    .map((host) => EXAMPLE_URI.replace("second.example", host));
  return () => free.shift() ?? EXAMPLE_URI;
}

/** What is wrong with a URI, told of the entry as a whole where that is the URI alone. */
function refuseUri(
  issue: z.core.$ZodIssue,
  context: z.core.ParsePayload,
  index: number,
  alone: boolean,
  example: () => string,
): void {
  const custom = issue.code === "custom" && issue.message !== "Invalid input";
  const params: IssueParams = (custom ? issue.params : undefined) ?? {};
  const said = custom ? issue.message : alone ? FORM : "";
  refuse(context, said, { ...params, word: params.word ?? example() }, alone ? [index] : [index, "uri"]);
}

/** Issues carry the path inside the list. */
export const hosts = z.pipe(
  z.custom((value) => value !== undefined),
  z.transform((given, context): readonly HostEntry[] => {
    const value = fromJson(given);
    if (!Array.isArray(value) || value.length === 0) return refuse(context, "");
    if (value.length > MAX_HOSTS)
      return refuse(context, `a list of at most ${MAX_HOSTS} hosts; these are ${value.length}`);
    const example = examples(value);
    return value.flatMap((entry: unknown, index): HostEntry[] => {
      const plain = plainHost(entry);
      if (!isMap(plain)) {
        refuse(context, "a host: a map with its uri, or the URI alone", { remove: true }, [index]);
        return [];
      }
      const result = hostEntry.safeParse(plain);
      if (result.success) return [result.data];
      const alone = !isMap(fromJson(entry));
      const ofUri = ({ path }: z.core.$ZodIssue): boolean => path[0] === "uri";
      for (const issue of result.error.issues.filter(ofUri)) refuseUri(issue, context, index, alone, example);
      forward(
        result.error.issues.filter((issue) => !ofUri(issue)),
        context,
        [index],
      );
      return [];
    });
  }),
);

/** Of a machine: the name of the host that it is on. Which names there are is checked where all hosts are known. */
export const hostOfNode = checkedText((value): Checked<string> => ({ value }));
