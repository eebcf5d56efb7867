/** Small helpers for building DOM; text is always text, never HTML. */

export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A codicon; "name~spin" turns. */
export function icon(name: string): HTMLElement {
  const [base = name, modifier] = name.split("~");
  return el("span", { class: `codicon codicon-${base}${modifier ? ` codicon-modifier-${modifier}` : ""}`, "aria-hidden": "true" });
}

/** A button that shows an icon and says what it does. */
export function button(name: string, label: string, run: () => void): HTMLButtonElement {
  const made = el("button", { class: "icon", type: "button", title: label, "aria-label": label }, icon(name));
  made.addEventListener("click", (event) => {
    event.preventDefault();
    run();
  });
  return made;
}

/** A button that shows what it does in words. */
export function textButton(id: string, label: string, run: () => void, disabled = false): HTMLButtonElement {
  const made = el("button", { type: "button", class: "button", id }, label);
  made.disabled = disabled;
  made.addEventListener("click", run);
  return made;
}

/** Replace an element's children. */
export function replace(element: Element, ...children: (Node | string)[]): void {
  element.replaceChildren(...children);
}
