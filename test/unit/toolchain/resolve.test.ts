import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { ToolchainError } from "../../../lab/toolchain/errors.ts";
import { resolveTools, type Ways } from "../../../lab/toolchain/resolve.ts";
import type { Tool } from "../../../lab/toolchain/table.ts";

const download = {
  url: "https://example.com/{amd64}.tar.gz",
  checksums: "https://example.com/sums",
  file: "x",
};
const go = { package: "example.com/x", set: {}, minutes: 1 };
const tool = (name: string, ways: Partial<Tool> = {}): Tool => ({
  name,
  kind: "program",
  version: "1.2.3",
  ...ways,
});

/** Ways that all fail, except as given; `asked` records what was tried, in order. */
function machine(given: Partial<Ways>): { ways: Ways; asked: string[] } {
  const asked: string[] = [];
  const noted =
    <A extends Tool, R>(what: string, way: (tool: A) => Promise<R>) =>
    (asking: A): Promise<R> => {
      asked.push(`${what} ${asking.name}`);
      return way(asking);
    };
  const ways: Ways = {
    installed: given.installed ?? (() => Promise.resolve(undefined)),
    ready: given.ready ?? (() => Promise.resolve(undefined)),
    download: noted("download", given.download ?? (() => Promise.resolve({ reason: "no network" }))),
    findGo: given.findGo ?? (() => Promise.resolve({ path: "/go", version: "1.26.0" })),
    build: (asking, found) => {
      asked.push(`build ${asking.name}`);
      return given.build === undefined
        ? Promise.resolve(`/built/${asking.name}`)
        : given.build(asking, found);
    },
    standIn: noted("stand-in", given.standIn ?? ((asking) => Promise.resolve(`/stand-in/${asking.name}`))),
  };
  return { ways, asked };
}

const origins = async (tools: Tool[], ways: Ways): Promise<string[]> =>
  (await resolveTools(tools, ways)).tools.map(({ name, origin, path }) => `${name} ${origin} ${path}`);

const anything = tool("a", { download, go, standIn: "a" });

describe("A tool", () => {
  it("is what is installed, before all else", async () => {
    const { ways, asked } = machine({
      installed: () => Promise.resolve("/usr/bin/a"),
      ready: () => Promise.resolve({ path: "/cache/a", origin: "built" }),
    });
    deepEqual(await origins([anything], ways), ["a path /usr/bin/a"]);
    deepEqual(asked, []);
  });

  it("else is what an earlier run made", async () => {
    const { ways, asked } = machine({ ready: () => Promise.resolve({ path: "/cache/a", origin: "built" }) });
    deepEqual(await origins([anything], ways), ["a built /cache/a"]);
    deepEqual(asked, []);
  });

  it("else is downloaded", async () => {
    const { ways, asked } = machine({ download: () => Promise.resolve({ path: "/cache/a" }) });
    deepEqual(await origins([anything], ways), ["a download /cache/a"]);
    deepEqual(asked, ["download a"]);
  });

  it("else is built", async () => {
    const { ways, asked } = machine({});
    deepEqual(await origins([anything], ways), ["a built /built/a"]);
    deepEqual(asked, ["download a", "build a"]);
  });

  it("else is stood in for, and only if it can't be built", async () => {
    const { ways, asked } = machine({});
    const { tools, reasons } = await resolveTools([tool("b", { download, standIn: "b" })], ways);
    equal(tools[0]?.origin, "stand-in");
    equal(reasons.get("b"), "no network");
    deepEqual(asked, ["download b", "stand-in b"]);
  });

  it("that was tampered with stops everything, instead of being built or stood in for", async () => {
    const { ways, asked } = machine({ download: () => Promise.reject(new ToolchainError("refused")) });
    await rejects(resolveTools([anything], ways), /refused/);
    deepEqual(asked, ["download a"]);
  });
});

describe("All tools", () => {
  it("keep the table's order", async () => {
    const { ways } = machine({
      installed: ({ name }) => Promise.resolve(name === "c" ? "/usr/bin/c" : undefined),
      download: ({ name }) => Promise.resolve(name === "b" ? { path: "/cache/b" } : { reason: "no network" }),
    });
    const tools = [
      tool("a", { go }),
      tool("b", { download, go }),
      tool("c"),
      tool("d", { download, standIn: "d" }),
    ];
    deepEqual(
      (await origins(tools, ways)).map((line) => line.split(" ").slice(0, 2).join(" ")),
      ["a built", "b download", "c path", "d stand-in"],
    );
  });

  it("are built in two lanes: the big ones one after the other, the small ones beside them", async () => {
    let [bigs, smalls, most] = [0, 0, 0];
    const { ways } = machine({
      build: async ({ name }) => {
        const big = name.startsWith("big");
        if (big) bigs++;
        else smalls++;
        ok(bigs <= 1 && smalls <= 1);
        most = Math.max(most, bigs + smalls);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (big) bigs--;
        else smalls--;
        return `/built/${name}`;
      },
    });
    const big = { go: { ...go, minutes: 5 } };
    await resolveTools(
      [tool("big-1", big), tool("small-1", { go }), tool("big-2", big), tool("small-2", { go })],
      ways,
    );
    equal(most, 2);
  });

  it("leave no build running behind a failure", async () => {
    let finished = false;
    const { ways } = machine({
      build: async ({ name }) => {
        if (name === "bad") throw new ToolchainError("no such module");
        await new Promise((resolve) => setTimeout(resolve, 20));
        finished = true;
        return "/built";
      },
    });
    await rejects(
      resolveTools([tool("bad", { go }), tool("big", { go: { ...go, minutes: 5 } })], ways),
      /no such module/,
    );
    ok(finished);
  });
});

describe("Without a Go to build with", () => {
  const offline = [tool("a", { download, go }), tool("b", { go }), tool("c", { download, standIn: "c" })];

  it("one error names every tool, the reason and the remedy", async () => {
    const { ways, asked } = machine({ findGo: () => Promise.resolve({ found: undefined }) });
    await rejects(resolveTools(offline, ways), (error: Error) => {
      ok(error instanceof ToolchainError);
      ok(error.message.startsWith("Go 1.21 or newer is needed to build a 1.2.3, b 1.2.3: "));
      ok(error.message.includes("no network"));
      ok(error.message.includes("no Go was found on PATH or at /usr/local/go/bin/go"));
      ok(error.message.includes("https://go.dev/dl/"));
      return true;
    });
    ok(!asked.some((line) => line.startsWith("build")));
  });

  it("an old one is named with its version", async () => {
    const { ways } = machine({ findGo: () => Promise.resolve({ found: "/usr/bin/go", version: "1.19.8" }) });
    await rejects(resolveTools(offline, ways), /\/usr\/bin\/go is Go 1\.19\.8, which is too old/);
  });

  it("nothing is wrong where nothing must be built", async () => {
    const { ways } = machine({ findGo: () => Promise.reject(new Error("must not be asked")) });
    deepEqual(await origins([tool("c", { download, standIn: "c" })], ways), ["c stand-in /stand-in/c"]);
  });
});
