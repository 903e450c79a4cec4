import { requireRoom } from "../../../scripts/test/room";

const freeAt = (place: string) => ({ "/tmp": 12, "/cache": 3 })[place];

test("tests do not begin where a folder has too little room, and name it", () => {
  expect(() => requireRoom(["/tmp", "/cache"], 10, freeAt)).toThrow(
    "/cache has 3 GiB free, and these tests need 10 GiB.",
  );
});

test("they begin where there is enough, and where the system does not tell", () => {
  expect(() => requireRoom(["/tmp", "/nowhere"], 12, freeAt)).not.toThrow();
});
