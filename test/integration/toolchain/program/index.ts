import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const config = new pulumi.Config();
const mode = config.get("mode") ?? "plain";
if (mode === "throw") throw new Error("thrown by the program");

const token = new random.RandomId("token", { byteLength: 16 });
const folder = config.require("folder");
const marked = new command.local.Command("marked", {
  create: `echo made $TOKEN; touch '${folder}/made'`,
  update: 'printf %s "$PULUMI_COMMAND_STDOUT"',
  delete: `echo "gone: $PULUMI_COMMAND_STDOUT" >> '${folder}/gone'`,
  environment: {
    TOKEN: token.hex,
    SETTING: config.get("setting") ?? "1",
    PASSWORD: config.requireSecret("password"),
  },
  triggers: [token.hex, config.get("trigger") ?? "1"],
});
if (mode === "slow") {
  const create = `echo $$ > '${folder}/pid'; trap 'touch ${folder}/cleaned; exit 1' TERM; sleep 600 & wait`;
  new command.local.Command("slow", { create }, { dependsOn: marked });
}
if (mode === "pet") new random.RandomPet("pet");

export const hex = token.hex;
export const stdout = marked.stdout;
