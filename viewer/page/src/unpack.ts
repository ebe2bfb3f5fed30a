// The layout engine lies in the page as text: gzip in base64. A worker gets it
// from a blob, so that the page needs neither a network nor eval.

export async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const script = await new Response(stream).arrayBuffer();
  return URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
}
