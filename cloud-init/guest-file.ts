/** A file inside a machine. `content` may be secret: the whole list is one secret once credentials are in it. */
export interface GuestFile {
  path: string;
  /** Octal, four digits: `0600`. */
  mode: string;
  content: string;
}
