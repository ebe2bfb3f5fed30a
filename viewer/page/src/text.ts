// Strings of a trace as text that cannot mislead: whoever wrote the trace may
// have meant to.

// Controls, invisible characters and those that turn the direction of text.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16).toUpperCase();
  return `‹U+${code.padStart(4, "0")}›`;
}

/** The string with everything unseen spelled out, in one line. */
export function visible(text: string): string {
  return text.replace(/[\n\r\t]+/g, " ").replace(UNSEEN, escaped);
}

/** The same, cut in the middle to about `limit` characters. */
export function short(text: string, limit = 80): string {
  // Nobody waits for a megabyte to be searched for controls.
  const cut =
    text.length > 4 * limit
      ? `${text.slice(0, 2 * limit)}${text.slice(-limit)}`
      : text;
  return middle(visible(cut), limit);
}

function middle(text: string, limit: number): string {
  const points = Array.from(text);
  if (points.length <= limit) return text;
  const tail = Math.floor((limit - 1) / 3);
  return `${points.slice(0, limit - 1 - tail).join("")}…${points
    .slice(points.length - tail)
    .join("")}`;
}

/** Lines of content: controls spelled out, line ends kept. */
export function lines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/\t/g, "    ").replace(UNSEEN, escaped))
    .join("\n");
}

const measuring = document.createElement("canvas").getContext("2d");

/** Shortened until it fits into `width` pixels in `font`. */
export function fit(text: string, width: number, font: string): string {
  const whole = short(text, 64);
  if (!measuring) return short(whole, Math.floor(width / 7));
  measuring.font = font;
  if (measuring.measureText(whole).width <= width) return whole;
  let low = 1;
  let high = 64;
  while (low < high) {
    const limit = Math.ceil((low + high) / 2);
    const fits = measuring.measureText(short(whole, limit)).width <= width;
    if (fits) low = limit;
    else high = limit - 1;
  }
  return short(whole, low);
}

/** Nanoseconds as a person reads them. */
export function duration(ns: number | null): string {
  if (ns === null) return "time unknown";
  if (ns === 0) return "0";
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${digits(ns / 1e3)} µs`;
  if (ns < 1e9) return `${digits(ns / 1e6)} ms`;
  if (ns < 120e9) return `${digits(ns / 1e9)} s`;
  return `${Math.floor(ns / 60e9)} min ${Math.round((ns % 60e9) / 1e9)} s`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
