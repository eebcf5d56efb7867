/** Turns the numbers of sources in a streamed answer into links, wherever the text is cut. */

import type { Place } from "./protocol";

/** The beginning of a number, or of a run of backticks, at the end of a text: what follows decides. */
const OPEN = /(?:\[\d{0,4}|`+)$/;

/** Used for one answer: text goes in as it comes, and comes out with `[1]` as a link. Code is left as it is. */
export class CitationLinks {
  private readonly places = new Map<number, Place>();
  private held = "";
  /** The backticks that close the code that is open; "" outside of code. */
  private fence = "";

  constructor(private readonly link: (place: Place) => string) {}

  /** Places by their numbers; those without one are counted from 1. */
  know(places: readonly (Place & { number?: number })[]): void {
    places.forEach((place, index) => this.places.set(place.number ?? index + 1, place));
  }

  /** More of the text; what cannot be decided yet is held back. */
  add(text: string): string {
    const all = this.held + text;
    const open = OPEN.exec(all);
    this.held = open ? open[0] : "";
    return this.linked(open ? all.slice(0, open.index) : all);
  }

  /** What was held back. */
  rest(): string {
    const { held } = this;
    this.held = "";
    return this.linked(held);
  }

  private linked(text: string): string {
    return text.replace(/(`+)|\[(\d{1,4})\](?!\()/g, (all, ticks: string | undefined, number: string | undefined) => {
      if (ticks) {
        if (!this.fence) this.fence = ticks;
        else if (this.fence === ticks) this.fence = "";
        return all;
      }
      const place = this.fence ? undefined : this.places.get(Number(number));
      return place ? `[\\[${number}\\]](${this.link(place)})` : all;
    });
  }
}
