import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";

/** Forbids `target` files to import from `from` folders: the arrows of docs/architecture.md. */
const arrow = (target, from, message) => ({ target, from, message });

export default tseslint.config(
  { ignores: ["sdks/**", "node_modules/**", ".lab/**"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            arrow("./plan", ["./ignition", "./components", "./commands", "./lab", "./settings.ts"], "plan/ is pure and stands alone"),
            arrow("./ignition", ["./components", "./commands", "./lab", "./settings.ts"], "ignition/ knows only plan types"),
            arrow("./components", ["./lab", "./settings.ts"], "components/ make resources out of the plan"),
            arrow("./lab", ["./plan", "./ignition", "./components", "./commands", "./settings.ts"], "lab/ imports nothing of the program"),
            arrow("./commands", ["./components", "./settings.ts"], "commands/ use plan, ignition and lab"),
          ],
        },
      ],
    },
  },
  {
    files: ["plan/**/*.ts", "ignition/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["@pulumi/*"] }] },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  { files: ["test/**/*.ts"], rules: { "@typescript-eslint/no-unused-expressions": "off" } },
);
