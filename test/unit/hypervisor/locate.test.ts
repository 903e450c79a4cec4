import { locateVBoxManage, vboxManageCandidates } from "../../../hypervisor/driver/locate";
import { RemedyError } from "../../../lib/remedy-error";
import { hostLike } from "./fixtures";

const WINDOWS = "C:\\Program Files\\Oracle\\VirtualBox\\VBoxManage.exe";

describe("where VBoxManage is", () => {
  it("is PATH first on Linux", () => {
    const host = hostLike("linux", { PATH: "/opt/my tools:/usr/bin" }, [
      "/opt/my tools/VBoxManage",
      "/usr/bin/VBoxManage",
    ]);
    expect(locateVBoxManage("virtualbox", host)).toBe("/opt/my tools/VBoxManage");
  });

  it("is the usual place where PATH has none", () => {
    const mac = "/Applications/VirtualBox.app/Contents/MacOS/VBoxManage";
    expect(locateVBoxManage("virtualbox", hostLike("darwin", { PATH: "/usr/bin" }, [mac]))).toBe(mac);
    expect(locateVBoxManage("virtualbox", hostLike("win32", { Path: "C:\\Windows" }, [WINDOWS]))).toBe(
      WINDOWS,
    );
  });

  it("is what Windows' installer says, a list too, whatever the case of the names", () => {
    const place = "D:\\My Programs\\VirtualBox\\VBoxManage.exe";
    const environment = {
      path: "C:\\Windows",
      vbox_msi_install_path: "E:\\gone;D:\\My Programs\\VirtualBox\\",
    };
    expect(locateVBoxManage("virtualbox", hostLike("win32", environment, [place, WINDOWS]))).toBe(place);
  });

  it("is on Windows' PATH with quotes around a folder", () => {
    const place = "D:\\a b\\VBoxManage.exe";
    expect(
      locateVBoxManage("virtualbox", hostLike("win32", { Path: 'C:\\Windows;"D:\\a b"' }, [place])),
    ).toBe(place);
  });

  it("is what VBOXMANAGE says, before all others", () => {
    const host = hostLike("linux", { VBOXMANAGE: "/x y/vbm", PATH: "/usr/bin" }, [
      "/x y/vbm",
      "/usr/bin/VBoxManage",
    ]);
    expect(locateVBoxManage("virtualbox", host)).toBe("/x y/vbm");
  });

  it("is never another one when VBOXMANAGE is wrong", () => {
    const host = hostLike("linux", { VBOXMANAGE: "/gone", PATH: "/usr/bin" }, ["/usr/bin/VBoxManage"]);
    expect(() => locateVBoxManage("virtualbox", host)).toThrow(/VBOXMANAGE=\/gone/);
  });

  it("is the project's launcher for the stand-in, and only that", () => {
    const host = hostLike("linux", { VBOXMANAGE: "/x/vbm", PATH: "/usr/bin" }, [
      "/x/vbm",
      "/usr/bin/VBoxManage",
    ]);
    expect(vboxManageCandidates("embedded", host)).toEqual([
      "/home/me/my labs/kube-lab/.kube-lab/bin/embedded/VBoxManage",
    ]);
    expect(() => locateVBoxManage("embedded", host)).toThrow(RemedyError);
  });

  it("names every place when it is nowhere, and what to do", () => {
    try {
      locateVBoxManage("virtualbox", hostLike("win32", { Path: "C:\\Windows" }, []));
      throw new Error("found one");
    } catch (error) {
      expect(error).toBeInstanceOf(RemedyError);
      expect((error as RemedyError).message).toContain(WINDOWS);
      expect((error as RemedyError).remedy).toContain("Install VirtualBox");
    }
  });
});
