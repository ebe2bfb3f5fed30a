// Panning and zooming of the graph.

export interface View {
  scale: number;
  x: number;
  y: number;
}

const SMALLEST = 0.002;
// From farther than this, a selected node is gone to and not only shown.
const FAR = 0.2;
const LARGEST = 2.5;
const MARGIN = 20;
// Smaller than this, nobody can read a node: then only the start is shown.
const READABLE = 0.5;
const START = 0.9;
// Nodes grow no larger than this by themselves.
const LARGE = 1.15;

export class Viewport {
  view: View = { scale: 1, x: 0, y: 0 };
  private size = { width: 1, height: 1 };

  constructor(
    private readonly element: SVGSVGElement,
    private readonly onChange: () => void,
  ) {
    element.addEventListener("wheel", (event) => this.wheel(event), {
      passive: false,
    });
    element.addEventListener("pointerdown", (event) => this.drag(event));
  }

  /** The size of what is shown. */
  setContent(width: number, height: number): void {
    this.size = { width: Math.max(1, width), height: Math.max(1, height) };
  }

  get width(): number {
    return this.element.clientWidth || 800;
  }

  get height(): number {
    return this.element.clientHeight || 400;
  }

  /** How high the content is when it is as wide as there is room for. */
  wantedHeight(): number {
    const scale = Math.min(LARGE, (this.width - 2 * MARGIN) / this.size.width);
    const start = scale < READABLE ? START : scale;
    return Math.max(200, this.size.height * start + 2 * MARGIN);
  }

  /** Shows everything. */
  fit(): void {
    this.show(this.fitting());
  }

  /** Shows everything if that can be read, else where it starts. */
  start(): void {
    const scale = this.fitting();
    if (scale >= READABLE) return this.show(scale);
    const upright = (this.height - 2 * MARGIN) / this.size.height;
    this.show(Math.min(START, Math.max(READABLE + 0.1, upright)));
  }

  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const { view } = this;
    const scale = Math.min(LARGEST, Math.max(SMALLEST, view.scale * factor));
    const ratio = scale / view.scale;
    this.view = { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
    this.onChange();
  }

  pan(x: number, y: number): void {
    this.view = { ...this.view, x: this.view.x + x, y: this.view.y + y };
    this.onChange();
  }

  /** Moves as far as needed for a box of the content to be seen. */
  reveal(box: { x: number; y: number; width: number; height: number }): void {
    const { scale, x, y } = this.view;
    if (scale < FAR) {
      this.view = {
        scale: START,
        x: this.width / 2 - (box.x + box.width / 2) * START,
        y: this.height / 2 - (box.y + box.height / 2) * START,
      };
      this.onChange();
      return;
    }
    const across = nudge(box.x * scale + x, box.width * scale, this.width, 60);
    const down = nudge(box.y * scale + y, box.height * scale, this.height, 16);
    if (across !== 0 || down !== 0) this.pan(across, down);
  }

  private fitting(): number {
    return Math.min(
      LARGE,
      (this.width - 2 * MARGIN) / this.size.width,
      (this.height - 2 * MARGIN) / this.size.height,
    );
  }

  private show(scale: number): void {
    const bounded = Math.max(SMALLEST, scale);
    const middle = (whole: number, part: number) =>
      Math.max(MARGIN, (whole - part * bounded) / 2);
    this.view = {
      scale: bounded,
      x: middle(this.width, this.size.width),
      y: middle(this.height, this.size.height),
    };
    this.onChange();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    if (!event.ctrlKey && !event.metaKey) {
      const [x, y] = event.shiftKey
        ? [event.deltaY, 0]
        : [event.deltaX, event.deltaY];
      this.pan(-x, -y);
      return;
    }
    const box = this.element.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY / 300);
    this.zoom(factor, event.clientX - box.left, event.clientY - box.top);
  }

  private drag(event: PointerEvent): void {
    if (event.button !== 0) return;
    let last = { x: event.clientX, y: event.clientY };
    let moved = 0;
    const follow = (move: PointerEvent) => {
      const [x, y] = [move.clientX - last.x, move.clientY - last.y];
      moved += Math.abs(x) + Math.abs(y);
      if (moved < 4) return;
      last = { x: move.clientX, y: move.clientY };
      this.element.classList.add("dragging");
      this.pan(x, y);
    };
    const end = () => {
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
      // The click that ends a drag selects nothing: it comes right after.
      setTimeout(() => this.element.classList.remove("dragging"));
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }
}

function nudge(start: number, length: number, room: number, most: number): number {
  const margin = Math.min(most, room / 8);
  if (length > room - 2 * margin) return margin - start;
  if (start < margin) return margin - start;
  return Math.min(0, room - margin - start - length);
}
