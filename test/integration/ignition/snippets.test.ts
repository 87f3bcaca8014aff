import assert from "node:assert/strict";
import {
  bare,
  bootstrap,
  config,
  fileText,
  first,
  refusal,
  shape,
  text,
  unit,
  withSnippets,
} from "./support.ts";
import { plan } from "../../unit/plan/fixtures.ts";
import { fingerprint, generation, renderIgnition, warningsOf } from "../../../ignition/index.ts";
import type { ClusterPlan, SourceFile } from "../../../plan/types.ts";

const file = (path: string, content = "x"): string =>
  `storage:\n  files:\n    - path: ${path}\n      filesystem: root\n      mode: 0644\n      contents: { inline: "${content}" }\n`;
const butane = (body: string, version = "1.4.0"): string => `variant: fcos\nversion: ${version}\n${body}`;
const timer = (name: string): string =>
  `systemd:\n  units:\n    - name: ${name}\n      enabled: true\n      contents: |\n        [Timer]\n        OnBootSec=1\n\n        [Install]\n        WantedBy=timers.target\n`;

describe("the user's snippets", () => {
  it("of all languages go into one config beside the profiles", () => {
    const made = withSnippets(
      plan({ os: "lab" }),
      text("a.yaml", file("/a", "{{nodeName}}")),
      text(
        "b.bu",
        butane("storage:\n  files:\n    - path: /b\n      contents: { inline: '{{nodeName}} {{.Go}}' }\n"),
      ),
      text(
        "c.ign",
        '{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/c","contents":{"source":"data:,c"}}]}}',
      ),
      text(
        "d.ign",
        '{"ignition":{"version":"2.1.0"},"systemd":{"units":[{"name":"d.service","enable":true,"contents":"[Service]\\nExecStart=/d\\n[Install]\\nWantedBy=a.target\\n"}]},"storage":{"files":[{"filesystem":"root","path":"/d","contents":{"source":"data:,d"}}]}}',
      ),
    );
    const node = config(made);
    const { name } = first(made);
    assert.equal(node.ignition.version, "3.3.0");
    assert.equal(fileText(node, "/etc/hostname"), `${name}\n`);
    assert.deepEqual(
      ["/a", "/b", "/c", "/d"].map((path) => fileText(node, path)),
      [name, `${name} {{.Go}}`, "c", "d"],
    );
    assert.equal(unit(node, "d.service")?.enabled, true);
    assert.deepEqual(warningsOf(made), []);
  });

  it("in Ignition 2 stay Ignition 2 where the system reads it", () => {
    const made = withSnippets(
      plan({ os: "container-linux" }),
      text(
        "d.ign",
        '{"ignition":{"version":"2.1.0"},"storage":{"files":[{"filesystem":"root","path":"/d","contents":{"source":"data:,d"}}]}}',
      ),
    );
    const node = config(made);
    assert.equal(node.ignition.version, "2.3.0");
    assert.equal(fileText(node, "/d"), "d");
    assert.ok(unit(node, "etcd-member.service"));
  });

  it("make a unit's drop-ins and a user's keys more, in any language", () => {
    const key = "ssh-ed25519 AAAA two";
    const made = withSnippets(
      plan({ os: "lab" }),
      text(
        "u.bu",
        butane(
          `passwd:\n  users:\n    - name: core\n      groups: [docker]\n      ssh_authorized_keys: ["${key}"]\nsystemd:\n  units:\n    - name: etcd-member.service\n      dropins:\n        - name: 90-mine.conf\n          contents: |\n            [Service]\n            Nice=5\n`,
        ),
      ),
    );
    const node = config(made);
    const [core, ...others] = node.passwd?.users ?? [];
    assert.deepEqual(others, []);
    assert.deepEqual((core as unknown as { sshAuthorizedKeys: string[] }).sshAuthorizedKeys, [
      ...made.sshAuthorizedKeys,
      key,
    ]);
    const names = unit(node, "etcd-member.service")?.dropins?.map(({ name }) => name) ?? [];
    assert.ok(names.includes("90-mine.conf") && names.includes("20-clct-etcd-member.conf"), names.join());
  });

  it("may take local files of several folders", () => {
    const near = text(
      "near.yaml",
      "storage: { files: [{ path: /n, filesystem: root, mode: 420, contents: { local: files/motd } }] }",
    );
    const node = config(
      withSnippets(
        plan({ os: "lab" }),
        { ...near, path: shape("classic.yml").path },
        shape("other/motd.yaml"),
      ),
    );
    assert.equal(fileText(node, "/etc/motd.d/other"), "another folder\n");
    assert.match(fileText(node, "/n") ?? "", /^Node_Name of the cluster/);
  });

  const conflicts: [string, SourceFile[], RegExp][] = [
    [
      "a profile's path, in Container Linux Config",
      [text("s.yaml", file("/etc/hostname"))],
      /storage files \/etc\/hostname is given by ignition\/profiles\/base\.yaml line \d+ and by s\.yaml line 3: only one of them can count; take it out of s\.yaml, or leave the profile base out of profiles$/,
    ],
    [
      "a profile's path, in Butane",
      [text("s.bu", butane("storage:\n  files:\n    - path: /etc/hostname\n"))],
      /\/etc\/hostname is given by ignition\/profiles\/base\.yaml line \d+ and by s\.bu line 5: only .*; take it out of s\.bu, or leave the profile base out/,
    ],
    [
      "a path of two snippets in two languages",
      [
        text("one.yaml", `\n${file("/x")}`),
        text("two.bu", butane("storage:\n  links:\n    - path: /x\n      target: /y\n")),
      ],
      /\/x is given by one\.yaml line 4 and by two\.bu line 5: only .*; take it out of one\.yaml, or take it out of two\.bu$/,
    ],
    [
      "a unit's contents",
      [
        text("one.yaml", timer("a.timer")),
        text("two.bu", butane(timer("a.timer").replace("OnBootSec=1", "OnBootSec=2"))),
      ],
      /systemd units a\.timer contents is given by one\.yaml line 5 and by two\.bu line 7: /,
    ],
    [
      "the drop-in that ct makes of the etcd section",
      [
        text(
          "s.bu",
          butane(
            "systemd:\n  units:\n    - name: etcd-member.service\n      dropins:\n        - name: 20-clct-etcd-member.conf\n          contents: |\n            [Service]\n",
          ),
        ),
      ],
      /20-clct-etcd-member\.conf is given by ignition\/profiles\/etcd\S*\.yaml line \d+ and by s\.bu line 7: .*leave the profile etcd out/,
    ],
    [
      "values of the etcd section",
      [text("s.yaml", "etcd: { name: other }")],
      /etcd name is given by ignition\/profiles\/etcd\S* line \d+ and by s\.yaml line 1/,
    ],
  ];
  for (const [what, snippets, message] of conflicts) {
    it(`can't contradict: ${what}`, () => {
      assert.match(
        refusal(() => config(withSnippets(plan({ os: "lab" }), ...snippets))),
        message,
      );
    });
  }

  const refused: [string, Record<string, unknown>, SourceFile, RegExp][] = [
    ["YAML", {}, text("s.yaml", "a: [\n"), /s\.yaml line \d/],
    [
      "butane",
      {},
      text("s.bu", butane("storage:\n  files:\n    - path: etc/x\n")),
      /butane refused s\.bu:\n {2}s\.bu line 5: path not absolute/,
    ],
    [
      "butane, for a missing local file",
      {},
      text("s.bu", butane("storage:\n  files:\n    - path: /x\n      contents: { local: none }\n")),
      /s\.bu line 6: open \/nowhere\/none: no such file/,
    ],
    [
      "butane, for a file outside of the folder",
      {},
      text("s.bu", butane("storage:\n  files:\n    - path: /x\n      contents: { local: ../x }\n")),
      /s\.bu line 6: local file path traverses outside/,
    ],
    [
      "butane, for a version that there is not",
      {},
      text("s.bu", butane("", "1.99.0")),
      /butane refused s\.bu:\n {2}No translator exists for variant fcos with version 1\.99\.0/,
    ],
    [
      "the highest spec",
      {},
      text("s.bu", butane("", "1.5.0")),
      /s\.bu is Butane \(variant fcos, version 1\.5\.0\), which gives Ignition 3\.4\.0, and lab reads 3\.3 at most: write variant: fcos with version: 1\.4\.0/,
    ],
    [
      "a system without Butane",
      { os: "container-linux" },
      text("s.bu", butane("")),
      /container-linux reads Ignition 2\.3 at most: write it as a Container Linux Config/,
    ],
    [
      "ignition-validate",
      {},
      text("s.ign", '{"ignition":{"version":"3.1.0"},\n"systemd":{"units":[\n{"name":"nonsense"}]}}'),
      /s\.ign line 3: invalid systemd unit extension/,
    ],
    [
      "ignition-validate, in Ignition 2",
      { os: "container-linux" },
      text(
        "s.ign",
        '{"ignition":{"version":"2.2.0"},\n"storage":{"files":[\n{"filesystem":"root","path":"/a","contents":{"source":"dita:,x"}}]}}',
      ),
      /Ignition 2 would refuse .*:\n {2}s\.ign line 3: .*invalid url scheme/,
    ],
    [
      "a path as a file and a folder",
      {},
      text(
        "s.ign",
        '{"ignition":{"version":"3.1.0"},"storage":{"files":[{"path":"/x"}],"directories":[\n{"path":"/x"}]}}',
      ),
      /storage (files|directories) \/x is given by s\.ign line 1 and by s\.ign line 2/,
    ],
    [
      "a unit without a section",
      {},
      text("s.yaml", "systemd:\n  units:\n    - name: a.service\n      contents: |\n        ExecStart=/a\n"),
      /s\.yaml line 4: a\.service has lines before its first \[section\]/,
    ],
    [
      "disks on the lab image",
      {},
      text(
        "s.yaml",
        "storage:\n  filesystems:\n    - name: data\n      mount: { device: /dev/vdb, format: ext4 }\n",
      ),
      /s\.yaml line 3: storage\.filesystems can't be used on the lab image/,
    ],
    [
      "kernel arguments on the lab image",
      {},
      text("s.bu", butane("kernel_arguments:\n  should_exist: [quiet]\n")),
      /s\.bu line 4: kernelArguments can't be changed on the lab image/,
    ],
    [
      "a named file system for Ignition 3",
      { os: "fedora-coreos" },
      text("s.yaml", "storage:\n  files:\n    - path: /grub.cfg\n      filesystem: oem\n      mode: 0644\n"),
      /s\.yaml line 3: the file system "oem" can't be meant/,
    ],
  ];
  for (const [what, changes, snippet, message] of refused) {
    it(`are refused with file and line: ${what}`, () => {
      assert.match(
        refusal(() => config(withSnippets(plan({ os: "lab", ...changes }), snippet))),
        message,
      );
    });
  }

  it("show warnings once, with their place, and only where ours would be errors", () => {
    const clc = text("s.yaml", "storage:\n  files:\n    - path: /a\n      filesystem: root\n");
    const bu = text("s.bu", butane("storage:\n  files:\n    - path: /b\n      mode: 644\n"));
    const ign = text(
      "s.ign",
      '{"ignition":{"version":"3.1.0"},\n"storage":{"files":[{"path":"/c",\n"modus":1}]}}',
    );
    assert.deepEqual(warningsOf(withSnippets(plan({ os: "lab" }), clc, bu, ign)), [
      "s.bu line 6: unreasonable mode would be reasonable if specified in octal; remember to add a leading zero",
      "s.bu line 6: setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0",
      "s.yaml line 3: mode unspecified for file, defaulting to 0644",
      "s.ign line 3: unused key modus",
    ]);
  });

  it("name the nodes of a warning that not all of them have", () => {
    const made = withSnippets(plan({ os: "lab" }), text("s.yaml", file("/a", "{{nodeNam}}")));
    assert.deepEqual(warningsOf(made), [
      "s.yaml line 6: {{nodeNam}} stays as it is, since no variable is called so; is {{nodeName}} meant?",
    ]);
    const odd = text("t.yaml", "storage: { files: [{ path: '/{{nodeName}}', filesystem: root }] }");
    assert.equal(warningsOf(withSnippets(plan({ os: "lab" }), odd)).length, 1);
  });
});

describe("generation and fingerprints with snippets", () => {
  const base = plan({ nodes: 5 });
  /** Three members and two machines without etcd. */
  const mixed: ClusterPlan = {
    ...base,
    nodes: base.nodes.map((node, index) =>
      index < 3 ? node : { ...node, role: "client" as const, profiles: ["base", "metadata-local"] as const },
    ),
    bootstrapSize: 3,
  };
  const prints = (made: ClusterPlan): string[] => made.nodes.map((node) => fingerprint(made, node));
  const change = (index: number, snippets: readonly SourceFile[]): ClusterPlan => ({
    ...mixed,
    nodes: mixed.nodes.map((node, place) => (place === index ? { ...node, snippets } : node)),
  });

  it("change of one machine alone where it is no member", () => {
    const made = change(4, [text("s.yaml", file("/s"))]);
    assert.equal(generation(made), generation(mixed));
    assert.deepEqual(
      prints(made).map((print, index) => print === prints(mixed)[index]),
      [true, true, true, true, false],
    );
  });

  it("change of all members where it is one, and of nobody else", () => {
    const made = change(1, [text("s.yaml", file("/s"))]);
    assert.deepEqual(
      prints(made).map((print, index) => print === prints(mixed)[index]),
      [false, false, false, true, true],
    );
  });

  it("stay for all others when a machine that is no member goes", () => {
    assert.deepEqual(prints({ ...mixed, nodes: mixed.nodes.slice(0, 4) }), prints(mixed).slice(0, 4));
  });

  it("go with the generation where a machine's file mentions the discovery URL", () => {
    const made = change(4, [text("s.yaml", file("/s", "{{discoveryUrl}}"))]);
    const other: ClusterPlan = { ...made, image: { kind: "volume", pool: "default", name: "other" } };
    const changed: ClusterPlan = {
      ...made,
      nodes: made.nodes.map((node, index) => (index === 0 ? { ...node, mac: "52:54:00:00:00:01" } : node)),
    };
    assert.notEqual(prints(changed)[4], prints(made)[4]);
    assert.equal(prints(changed)[3], prints(made)[3]);
    assert.notDeepEqual(prints(other), prints(made));
  });

  it("hang on a given token of v3 discovery, and a static cluster's token hangs on them", () => {
    const v3 = (token?: string): ClusterPlan => ({
      ...plan({ os: "lab" }),
      discovery: {
        mode: "v3",
        endpoints: ["http://10.0.0.9:2379"],
        ...(token === undefined ? {} : { token }),
      },
    });
    assert.notEqual(generation(v3("one")), generation(v3("two")));
    assert.equal(generation(v3("one")), generation(v3("one")));

    const fixed: ClusterPlan = { ...plan({ os: "lab" }), discovery: { mode: "static" } };
    const json = renderIgnition(fixed, first(fixed), { ...bootstrap, discoveryUrl: "" });
    assert.ok(json.includes(generation(fixed)), "the generation is the cluster's token");
  });

  it("do not change with the snippets' layout", () => {
    const one = bare(withSnippets(base, text("s.yaml", file("/s"))));
    const two = bare(withSnippets(base, text("t.yaml", `# moved\n${file("/s")}`)));
    assert.equal(generation(one), generation(two));
  });
});
