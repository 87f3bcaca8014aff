/** What a run lets others see while it lasts. */
import { readdirSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "./keyMaterial.ts";

/** What is seen of processes and temporary files while something runs: looked at again and again, and kept. */
export class Watcher {
  readonly arguments = new Set<string>();
  /** Environments, with the user and the mode of the file that the kernel shows them in. */
  readonly environments = new Map<string, { readonly user: number; readonly mode: number }>();
  /** Contents of temporary files, with their modes. */
  readonly files = new Map<string, { readonly content: string; readonly mode: number }>();
  readonly #marks: readonly string[];
  readonly #timer: NodeJS.Timeout;
  readonly #watched;

  /**
   * @param temporary the folder for temporary files.
   * @param marks environments with one of these are kept.
   */
  constructor(temporary: string, ...marks: readonly string[]) {
    this.#marks = marks;
    this.#timer = setInterval(() => {
      this.#processes();
      for (const file of filesBelow(temporary)) this.#file(file);
    }, 20);
    this.#watched = watch(temporary, { recursive: true }, (_, name) => {
      if (name !== null) this.#file(join(temporary, name));
    });
  }

  #processes(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        this.arguments.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
        const text = readFileSync(`/proc/${pid}/environ`, "utf8");
        const { uid, mode } = statSync(`/proc/${pid}/environ`);
        if (this.#marks.some((mark) => text.includes(mark))) this.environments.set(text, { user: uid, mode });
      } catch {
        // It ended, or it is the kernel's.
      }
  }

  #file(path: string): void {
    try {
      const { mode } = statSync(path);
      const content = readFileSync(path, "latin1");
      if (content !== "") this.files.set(`${path} ${mode}`, { content, mode });
    } catch {
      // A folder, a socket, or gone.
    }
  }

  end(): void {
    clearInterval(this.#timer);
    this.#watched.close();
  }
}
