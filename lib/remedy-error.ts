/** Something that failed, with what to do about it. */
export class RemedyError extends Error {
  override name = "RemedyError";

  constructor(
    message: string,
    /** What a person can do now; one or two sentences. */
    readonly remedy: string,
  ) {
    super(message);
  }
}
