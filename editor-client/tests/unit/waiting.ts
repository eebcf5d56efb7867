/** Waiting for a state that another process brings about. */

/** The first value of `look` that is not false or undefined; fails after two minutes. */
export async function until<T>(what: string, look: () => T | false | undefined | Promise<T | false | undefined>): Promise<T> {
  const end = Date.now() + 120_000;
  for (;;) {
    const value = await look();
    if (value !== false && value !== undefined) return value;
    if (Date.now() > end) throw new Error(`not so within two minutes: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
