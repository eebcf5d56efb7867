/** Waiting for a state that another process brings about. */

/** The first value of `look` that is not false or undefined; fails after 20 seconds. */
export async function until<T>(what: string, look: () => T | false | undefined | Promise<T | false | undefined>): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await look();
    if (value !== false && value !== undefined) return value;
    if (Date.now() > end) throw new Error(`not so within 20 seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
