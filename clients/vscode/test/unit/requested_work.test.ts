import { beforeEach, describe, expect, it } from "vitest";
import { RequestedWork, type WorkNews } from "../../src/requested_work";

const begin: WorkNews = { kind: "begin", title: "Pulling m", cancellable: true };
const quarter: WorkNews = { kind: "report", message: "1.2 of 4.7 GB", percentage: 25 };
const half: WorkNews = { kind: "report", message: "2.4 of 4.7 GB", percentage: 50 };
const end: WorkNews = { kind: "end" };

let seen: unknown[];
let stop: (() => void) | undefined;
let work: RequestedWork;

beforeEach(() => {
  seen = [];
  work = new RequestedWork(
    (title, stopWork) => {
      seen.push(title);
      stop = stopWork;
      return { report: (step) => seen.push(step), close: () => seen.push("closed") };
    },
    (token) => seen.push(`stop ${token}`),
  );
});

/** Plays news of one token; what is not shown by the work itself is noted as seen elsewhere. */
async function play(token: string, ...news: readonly WorkNews[]): Promise<void> {
  for (const item of news) {
    work.progress(token, item, () => seen.push(`elsewhere ${item.kind}`));
  }
  await new Promise(setImmediate);
}

describe("work that a command began", () => {
  it("is shown with how much of it is done, and ends", async () => {
    await work.begun(Promise.resolve({ token: "a" }));

    await play("a", begin, quarter, half, end);

    expect(seen).toEqual([
      "Pulling m",
      { message: "", increment: 0 },
      { message: "25 %, 1.2 of 4.7 GB", increment: 25 },
      { message: "50 %, 2.4 of 4.7 GB", increment: 25 },
      "closed",
      // What else waits for the end of a progress lets go of it.
      "elsewhere end",
    ]);
  });

  it("is shown when its progress overtakes the answer that names it", async () => {
    let answer: ((result: { token: string }) => void) | undefined;
    const answered = new Promise<{ token: string }>((resolve) => {
      answer = resolve;
    });
    const begun = work.begun(answered);
    await play("a", begin);
    expect(seen).toEqual([]);

    answer?.({ token: "a" });
    await begun;
    await play("a", quarter);

    expect(seen).toContain("Pulling m");
    expect(seen).toContainEqual({ message: "25 %, 1.2 of 4.7 GB", increment: 25 });
  });

  it("is stopped by its user", async () => {
    await work.begun(Promise.resolve({ token: "a" }));
    await play("a", begin);

    stop?.();

    expect(seen.at(-1)).toBe("stop a");
  });

  it("cannot be stopped when the server does not offer it", async () => {
    await work.begun(Promise.resolve({ token: "a" }));

    await play("a", { kind: "begin", title: "Indexing" });

    expect(stop).toBeUndefined();
  });

  it("leaves no notification behind when the server goes", async () => {
    await work.begun(Promise.resolve({ token: "a" }));
    await play("a", begin);

    work.close();

    expect(seen.at(-1)).toBe("closed");
  });
});

describe("other work", () => {
  it("is shown elsewhere", async () => {
    await work.begun(Promise.resolve(null));
    await work.begun(Promise.resolve({ cancelled: 1 }));

    await play("background", begin, quarter, end);

    expect(seen).toEqual(["elsewhere begin", "elsewhere report", "elsewhere end"]);
  });

  it("is shown although a command failed", async () => {
    await expect(work.begun(Promise.reject(new Error("no")))).rejects.toThrow("no");

    await play("background", begin);

    expect(seen).toEqual(["elsewhere begin"]);
  });
});
