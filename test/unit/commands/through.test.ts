import { deepEqual, equal, rejects } from "node:assert/strict";
import { PassThrough, type Duplex } from "node:stream";
import { dialer, wayVia } from "../../../commands/through.ts";

/** What is dialled: the machines that answer from here, and those that answer through the host. */
function doubles(here: readonly string[], there: readonly string[]) {
  const tried: string[] = [];
  let told = 0;
  const dial = dialer(
    {
      direct: (host) => {
        tried.push(`direct ${host}`);
        return here.includes(host)
          ? Promise.resolve(new PassThrough())
          : Promise.reject(new Error("unreachable"));
      },
      tunnel: (host) => {
        tried.push(`through ${host}`);
        const stream = new PassThrough();
        setImmediate(() => {
          if (there.includes(host)) stream.write("SSH-2.0-x");
          else stream.destroy(new Error("no route from the host"));
        });
        return stream;
      },
    },
    () => {
      told++;
    },
  );
  return { dial, tried, told: () => told };
}

const answer = (stream: Duplex): Promise<string> =>
  new Promise((resolve, reject) => {
    stream.once("data", (chunk: Buffer) => {
      resolve(chunk.toString());
    });
    stream.once("error", reject);
  });

describe("the way to machines of a remote host", () => {
  it("is direct where that works, and the host is not asked", async () => {
    const { dial, tried, told } = doubles(["a", "b"], ["a", "b"]);
    for (const host of ["a", "a", "b"]) await dial(host, 2379);
    deepEqual(tried, ["direct a", "direct a", "direct b"]);
    equal(told(), 0);
  });

  it("is through the host where it is not, said once, and not tried directly again", async () => {
    const { dial, tried, told } = doubles([], ["a", "b"]);
    equal(await answer(await dial("a", 2379)), "SSH-2.0-x");
    equal(await answer(await dial("a", 2379)), "SSH-2.0-x");
    equal(await answer(await dial("b", 2379)), "SSH-2.0-x");
    deepEqual(tried, ["direct a", "through a", "through a", "through b"]);
    equal(told(), 1);
  });

  it("stays open while a machine answers nowhere", async () => {
    const { dial, tried, told } = doubles([], []);
    await rejects(answer(await dial("a", 2379)), /no route from the host/);
    await rejects(answer(await dial("a", 2379)), /no route from the host/);
    deepEqual(tried, ["direct a", "through a", "direct a", "through a"]);
    equal(told(), 0);
  });

  it("that worked is kept when the machine goes away", async () => {
    const here = ["a"];
    const { dial, tried } = doubles(here, []);
    await dial("a", 2379);
    here.pop();
    await rejects(dial("a", 2379), /unreachable/);
    deepEqual(tried, ["direct a", "direct a"]);
  });

  it("is none of its own where the host is this machine or not behind ssh", () => {
    for (const uri of ["", "qemu:///system", "alias", "qemu+tls://host/system"]) deepEqual(wayVia(uri), {});
  });
});
