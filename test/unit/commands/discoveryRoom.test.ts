import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { noRoom, readToken, spent } from "../../../commands/discovery/room.ts";
import { type Answers, type Double, serve } from "./doubles.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("whether a token serves a fresh member", () => {
  const servers: Double[] = [];
  const open = async (answers: Answers): Promise<string> => {
    const server = await serve(answers);
    servers.push(server);
    return server.url;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  const answers: readonly [string, Answers, unknown][] = [
    [
      "nobody has used",
      () => ({ body: { action: "get", node: { key: "/discovery/f00", dir: true } } }),
      { known: { members: [] } },
    ],
    [
      "two have used",
      () => ({
        body: {
          node: {
            dir: true,
            nodes: [
              { key: "/discovery/f00/a", value: "n1=http://10.0.0.1:2380" },
              { key: "/discovery/f00/b", value: "n2=http://10.0.0.2:2380,n2=http://10.0.0.2:7001" },
            ],
          },
        },
      }),
      { known: { members: ["n1", "n2"] } },
    ],
    [
      "the registry does not know",
      () => ({ status: 404, body: { errorCode: 100, message: "Key not found" } }),
      { known: undefined },
    ],
    ["a broken registry keeps to itself", () => ({ status: 503, body: "busy" }), "silent"],
    ["something else answers for", () => ({ body: "<html>welcome</html>" }), "silent"],
  ];
  for (const [what, answer, said] of answers)
    it(`reads a token that ${what}`, async () => {
      deepEqual(await readToken("etcd", `${await open(answer)}/v2/keys/discovery/f00`), said);
    });

  it("reads a token of v3 discovery", async () => {
    const header = { revision: "3" };
    const root = "/_etcd/registry/t0k";
    const kvs = [
      [`${root}/_config/size`, "3"],
      [`${root}/members/1`, "n1=http://10.0.0.1:2380"],
    ].map(([key = "", value = ""]) => ({ key: base64(key), value: base64(value) }));
    const full = await open(() => ({ body: { header, kvs } }));
    deepEqual(await readToken("v3", `${full}${root}`), { known: { members: ["n1"] } });
    const empty = await open(() => ({ body: { header } }));
    deepEqual(await readToken("v3", `${empty}${root}`), { known: undefined });
    equal(await readToken("v3", `${await open(() => ({ status: 404 }))}${root}`), "silent");
  });

  it("takes a registry that nobody serves for silent", async () => {
    const url = await open(() => undefined);
    await servers.splice(0)[0]?.close();
    equal(await readToken("etcd", `${url}/v2/keys/discovery/f00`), "silent");
  });

  it("serves whoever has not used it, as long as there is room", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom("n1", "n2", "n3", "n4")), (members) => {
        equal(spent({ members }, "n1", 3) === undefined, !members.includes("n1") && members.length < 3);
      }),
    );
    match(spent(undefined, "n1", 3) ?? "", /not in its registry any more/);
    match(spent({ members: ["n1"] }, "n1", 3) ?? "", /^n1 has used/);
    match(spent({ members: ["n3", "n2"] }, "n1", 2) ?? "", /used up \(n2, n3\)/);
  });

  it("says what to type, in the lab as elsewhere", () => {
    const why = "so";
    const message = noRoom("n1", why, undefined).message;
    match(message, /with `pulumi destroy`; then `pulumi up` makes/);
    match(message, /Where the others run, `npm run cluster -- replace n1` makes it anew/);
    match(
      noRoom("n1", why, "npm run cluster -- exec").message,
      /^n1 would get an empty disk.*: so\.\n[^]*`npm run cluster -- exec pulumi destroy`; then `npm run cluster -- exec pulumi up`/,
    );
  });
});
