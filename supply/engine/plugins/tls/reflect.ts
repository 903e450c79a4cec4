/**
 * The certificate library's dependency injection (tsyringe) refuses to load without Reflect.getMetadata, which it asks for
 * constructor parameters; the library has none to inject.
 */
const reflect = Reflect as { getMetadata?: unknown; defineMetadata?: unknown; getOwnMetadata?: unknown };
reflect.getMetadata ??= () => undefined;
reflect.getOwnMetadata ??= () => undefined;
reflect.defineMetadata ??= () => undefined;
