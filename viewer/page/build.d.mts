/** The page in two halves: the data goes in between. */
export function template(): Promise<{ before: string; after: string }>;
