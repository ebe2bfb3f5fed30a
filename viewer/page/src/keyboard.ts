// Keys that work wherever the focus is, unless it is in a field.

export type Keys = Record<string, () => void>;

export function listenToKeys(keys: Keys): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as Element;
    if (target.matches("input, textarea")) return;
    const arrow = event.key.startsWith("Arrow");
    // Arrows scroll what can be scrolled.
    if (arrow && target.closest("#details, #timeline, #trace-list, pre")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
