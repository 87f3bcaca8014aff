import { deepEqual, equal, match } from "node:assert/strict";
import { lostBy, plainWords, troubleIn, type Trouble } from "../../../commands/readiness/trouble.ts";

const none: Trouble = { noAddress: undefined, ended: [], waits: [] };
const fresh = { addressed: false, settled: 0, patience: 100 };
const settled = { ...fresh, settled: 100 };

describe("readiness: what nodes tell of their trouble", () => {
  it("is found among the lines of a console, between the kernel's own", () => {
    const console = [
      "[    9.1] COREOS-CLUSTER-NO-ADDRESS: no address for 60 s on eth0 (52:54:00:00:00:01; the link is up): eth0: Link UP",
      "a01 login: [   60.2] COREOS-CLUSTER-ETCD-ENDED: discovery: size key not found (exited 1)",
      "[   72.0] COREOS-CLUSTER-ETCD-WAITS: health check for peer 1a could not connect",
    ];
    const found = troubleIn(console);
    match(found.noAddress ?? "", /^no address for 60 s on eth0 .*: eth0: Link UP$/);
    deepEqual(found.ended, ["discovery: size key not found (exited 1)"]);
    deepEqual(found.waits, ["health check for peer 1a could not connect"]);
    deepEqual(troubleIn(["systemd[1]: Started etcd", "COREOS-CLUSTER-BOOTED a01"]), none);
  });

  it("is over where an address came after all", () => {
    const lines = [
      "COREOS-CLUSTER-NO-ADDRESS: no address for 60 s on eth0",
      "COREOS-CLUSTER-ADDRESS: 10.0.0.5/24",
    ];
    equal(troubleIn(lines).noAddress, undefined);
  });

  it("is read from etcd's JSON, too", () => {
    const line =
      '{"level":"fatal","ts":"x","caller":"etcdmain/etcd.go:204","msg":"discovery failed","error":"size key not found"}';
    equal(plainWords(`${line} | plain words`), "discovery failed: size key not found | plain words");
    equal(plainWords("{broken"), "{broken");
  });

  it("without an address counts unless somebody knows one", () => {
    const noAddress = "no address for 60 s on eth0";
    equal(lostBy({ ...none, noAddress }, fresh), `it has ${noAddress}`);
    equal(lostBy({ ...none, noAddress }, { ...fresh, addressed: true }), undefined);
  });

  it("of an etcd that ends counts at its second end where nothing can change it, later where nobody knows", () => {
    const lasting = "member a01 has already been bootstrapped";
    equal(lostBy({ ...none, ended: [lasting] }, fresh), undefined);
    equal(lostBy({ ...none, ended: [lasting, lasting] }, fresh), `its etcd ends again and again: ${lasting}`);
    const odd = "something new";
    equal(lostBy({ ...none, ended: [odd, odd, odd] }, fresh), undefined);
    match(lostBy({ ...none, ended: [odd, odd, odd, odd] }, fresh) ?? "", /something new$/);
    // The other machines still boot: their names get known with them.
    const early = "couldn't resolve: lookup a02: no such host";
    equal(lostBy({ ...none, ended: Array.from({ length: 20 }, () => early) }, settled), undefined);
  });

  it("of an etcd that waits counts once all members run and nothing moves for a while", () => {
    const waits = ["peer 1a: i/o timeout", "peer 1a: i/o timeout", "cluster ID mismatch"];
    equal(lostBy({ ...none, waits }, { ...settled, settled: 99 }), undefined);
    equal(lostBy({ ...none, waits: waits.slice(1) }, settled), undefined);
    equal(lostBy({ ...none, waits }, settled), "its etcd can't join the others: cluster ID mismatch");
  });
});
