import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * The arrows of docs/architecture.md: files of `folder` don't import the named folders or files beside it, nor the
 * named packages.
 */
function arrow(folder, { folders = [], packages = [] }, message) {
  const beside = folders.map((name) => ({ regex: `^(\\.\\./)+${name}(/|\\.ts$)`, message }));
  const named = packages.map((name) => ({ regex: `^${name}(/|$)`, message }));
  return {
    files: [`${folder}/**/*.ts`],
    rules: { "no-restricted-imports": ["error", { patterns: [...beside, ...named] }] },
  };
}

export default defineConfig(
  { ignores: ["sdks/**", "node_modules/**", ".lab*/**"] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  // What a connection URI means is known in one place, and that is pure.
  arrow(
    "plan",
    {
      folders: [
        "ignition",
        "images",
        "components",
        "commands",
        "host(?!/agreement\\.ts$)",
        "lab",
        "settings",
        "index",
      ],
      packages: ["@pulumi"],
    },
    "plan/ is pure and stands alone",
  ),
  arrow(
    "ignition",
    {
      folders: ["images", "components", "commands", "host", "lab", "settings", "index"],
      packages: ["@pulumi"],
    },
    "ignition/ knows the plan's types and nothing of Pulumi",
  ),
  arrow(
    "outputs",
    {
      folders: [
        "ignition",
        "images",
        "components",
        "commands",
        "host",
        "lab",
        "settings",
        "index",
        "library",
      ],
      packages: ["@pulumi"],
    },
    "outputs/ make texts of plain values and know the plan's types only",
  ),
  arrow(
    "components",
    { folders: ["lab", "settings", "index"] },
    "components/ make resources out of the plan",
  ),
  arrow(
    "lab",
    { folders: ["plan", "ignition", "images", "components", "commands", "host", "settings", "index"] },
    "lab/ imports nothing of the program",
  ),
  arrow(
    "commands",
    { folders: ["components", "settings", "index"] },
    "commands/ use plan, ignition, host and lab",
  ),
  arrow(
    "host",
    { folders: ["components", "commands", "lab", "settings", "index"], packages: ["@pulumi"] },
    "host/ knows libvirt and nothing of the program",
  ),
  { files: ["**/*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
