import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { mapFromWire, type PropertyMap } from "./value";

/** An object out of a message; an absent one is empty. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct === undefined ? {} : mapFromWire(struct.toJavaScript() as PropertyMap);
}

/** An object for a message. */
export function toStruct(map: PropertyMap): Struct {
  return Struct.fromJavaScript(map as Record<string, JavaScriptValue>);
}
