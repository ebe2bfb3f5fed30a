// The line of an edge through its points, as the `d` of an SVG path.

interface Point {
  x: number;
  y: number;
}

/** Gentle steps for points that go along and across in turn. */
export function lineThrough(points: readonly Point[]): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return "";
  if (points.length === 2) return curve(first, last);
  const parts = [`M${first.x} ${first.y}`];
  for (let i = 1; i + 1 < points.length; i++) {
    const [before, here, after] = [points[i - 1]!, points[i]!, points[i + 1]!];
    const radius = Math.min(14, distance(before, here) / 2, distance(here, after) / 2);
    const start = towards(here, before, radius);
    const end = towards(here, after, radius);
    parts.push(`L${start.x} ${start.y}Q${here.x} ${here.y} ${end.x} ${end.y}`);
  }
  return `${parts.join("")}L${last.x} ${last.y}`;
}

function curve(from: Point, to: Point): string {
  if (from.y === to.y && to.x > from.x) {
    return `M${from.x} ${from.y}L${to.x} ${to.y}`;
  }
  const reach = Math.max(36, Math.min(120, Math.abs(to.x - from.x) / 2));
  return (
    `M${from.x} ${from.y}C${from.x + reach} ${from.y} ` +
    `${to.x - reach} ${to.y} ${to.x} ${to.y}`
  );
}

function distance(one: Point, other: Point): number {
  return Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
}

function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to) || 1;
  return {
    x: round(from.x + ((to.x - from.x) * length) / whole),
    y: round(from.y + ((to.y - from.y) * length) / whole),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
