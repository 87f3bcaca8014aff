import assert from "node:assert/strict";
import { isPrivateKey, isPublicKey, keyLines } from "../../../plan/sshKeys.ts";
import { publicKey } from "./fixtures.ts";

/** As ssh-keygen writes them: real keys of each type, made for this test and thrown away. */
const REAL = [
  "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBKgFiaGJ8TstWduUR3dVNayTSbBeiTvRavFGHRxTLO+Q4zbFq5Z1t4eHAwH5NijhXPPm8G4ElaPbue6eGHDkML5pbR7tueexgN4GsSoTxkm6DCyQXUETowp15yzh5/n2Qg== test",
  "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBACNxyNLhlhj4VMVjSxTG4NvEQVoJ5twMtXaTz0UAEGJAuCeQikDxi+HFCjl+y+SWXRAeBuRU/SYQ+tXi4kxqGzgCAF42BQdxS7xxO40xo8F1tV2BirBhF0M2MCgKWk24eaiuHOPWRPoRXXRvmaDks5nmy4HecaqPoroD380KFhJohAfmw== test",
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFlfUg3dsA36IC6kl4Vx48u5j/UdFoKg8FgkZmBE54R9hx5aCVS6Re1lxUKvnX0Ka47fr5ujwqir7C22AqjUWNY= test",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBReR4ekeBVkDqnf4XVKj/CuRz0WYH4DhXl7bzBtAFMY test",
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDVBaYt6AJ2/s06Zbcd6ULH1Nb8Y2pLnFp9+jIDmrrpGcX/9gser7JyobxaiGtL4S8hkxhy1+8k75FoWXEoigBpxf3eyOZ1ZaXTiOGUfGrukei2+6xUqK9Ur68M8FXJ9V7WSDYlZR5Fjwv5JKORtlirOeYlb/boHBVhSc/wpxk3L9uXd9FQErLfbc+MTjNpehHEWLuhPPGW64r2rlWekM32L5KNCxkhSNinY5JnNAEUhBk3gLLlH6OETvs4nXPXQa+a6Gc4HdL+PuZUxvn6uWnegUUkHq9cBbLFBQtmCsbAGXcNiWhRddW/k1HqKZB6buO2/U+nLpwYo4EkptAceO4X test",
];

describe("public SSH keys", () => {
  for (const key of REAL) {
    it(`accepts ${key.slice(0, 40)}...`, () => {
      assert.ok(isPublicKey(key));
    });
  }

  const body = publicKey().split(" ")[1] ?? "";
  const right = [
    publicKey(),
    `ssh-ed25519 ${body}`,
    `ssh-ed25519 ${body} a comment with blanks`,
    `restrict,command="echo \\"a b\\"" ssh-ed25519 ${body} alice`,
    `from="10.0.0.0/8" ssh-ed25519 ${body}`,
  ];
  for (const key of right) {
    it(`accepts the form ${key.replace(body, "BODY")}`, () => {
      assert.ok(isPublicKey(key));
    });
  }

  const wrong = [
    "",
    "ssh-ed25519",
    body,
    `ssh-rsa ${body}`, // the type outside is not the one inside
    `ssh-ed25519 ${body.slice(0, 30)}`, // cut off
    `ssh-ed25519 ${body.slice(0, -4)}!!!!`,
    `ssh-dss ${body}`,
    `${publicKey()}\nssh-ed25519 ${body}`,
    `ssh-ed25519 ${body} \u0000`,
    "~/.ssh/id_ed25519.pub",
    `command="unclosed ssh-ed25519 ${body}`,
  ];
  for (const key of wrong) {
    it(`refuses ${JSON.stringify(key.replace(body, "BODY"))}`, () => {
      assert.ok(!isPublicKey(key));
    });
  }

  it("are told from private keys of all formats", () => {
    assert.ok(isPrivateKey("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"));
    assert.ok(isPrivateKey("-----BEGIN RSA PRIVATE KEY-----"));
    assert.ok(isPrivateKey("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"));
    assert.ok(isPrivateKey("PuTTY-User-Key-File-3: ssh-ed25519"));
    assert.ok(!isPrivateKey(publicKey(7, "for my private key on the laptop")));
  });

  it("are taken from a text of many lines, without comments and empty lines", () => {
    assert.deepEqual(keyLines(`# mine\r\n\n ${publicKey(1)} \n${publicKey(2)}\n`), [
      publicKey(1),
      publicKey(2),
    ]);
  });
});
